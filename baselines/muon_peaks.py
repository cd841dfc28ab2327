"""The package's own detector: unet_peaks, trained by Muon, shown sim frames, asked four times.

Nothing of it is new either. A training of two minutes of a core ends before the network has learnt
all it can, so what counts is how far a step gets (Muon). On intraop half of what is seen are sim
frames, for three surgeries show little of what there is. A map is the mean over mirror images.
"""

from adaptor_bench.method import Card
from adaptor_bench.registry import composed
from adaptor_bench.stages.decoders.peaks import Peaks
from adaptor_bench.stages.losses.focal import Focal
from adaptor_bench.stages.networks.flips import Flips
from adaptor_bench.stages.networks.small_unet import SmallUNet
from adaptor_bench.stages.targets.gaussian import Gaussian
from adaptor_bench.stages.translators.unchanged import Unchanged
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.settings import Augmentation, Training

CARD = Card(title="U-Net with peaks, trained by Muon")

# Half of what unet_peaks varies: in the time there is, training frames are not learnt by heart.
HALF = Augmentation(
    rotation=40.0,
    scale=0.1,
    jitter_p=0.0,
    brightness_contrast_p=0.0,
    curves_p=0.4,
    tint_p=0.25,
)
# Fewer steps than unet_peaks has, for each costs more: together they take no longer.
STEPS = Training(
    optimiser="muon",
    rate=1e-2,
    beta2=0.99,
    weight_decay=1e-4,
    batch=4,
    steps=1300,
    crop=(192, 128),
    choose="last",
    translated_share=0.5,
    on_top=False,
)

FULL = Detector(
    translate=Unchanged(),
    target=Gaussian(sigma=1.5, combine="max"),
    network=Flips(width=32),
    loss=Focal(),
    decode=Peaks(threshold=None, distance=3.0),
    augment=HALF,
    training=STEPS,
)
QUICK = {"network": Flips(), "training": STEPS}
SMOKE = QUICK | {
    "input_size": (128, 72),
    "training.steps": 4,
    "training.batch": 2,
    "training.crop": (64, 64),
    "training.retry": False,
}

muon_peaks = composed(
    "muon_peaks",
    FULL,
    card=CARD,
    about="Small U-Net trained by Muon, narrow kernels, focal loss, flips, local maxima.",
    profiles={"quick": QUICK, "smoke": SMOKE},
    # As narrow as neighbours on the phantom ask; a hit that may be farther off has a wider target.
    follows_radius=("target.sigma", "decode.distance"),
)
muon_peaks.variant(
    "no_muon", ablates="Muon", **{"training.optimiser": "adamw", "training.rate": 4e-3}
)
muon_peaks.variant(
    "no_flips",
    ablates="the mean over mirror images",
    profiles={"paper": {"network": SmallUNet(width=FULL.network.width)}},
    network="small_unet",
)
muon_peaks.variant("no_sim", ablates="sim frames", translate="none")
