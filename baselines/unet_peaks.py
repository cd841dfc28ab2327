"""A strong plain reference: a small U-Net, narrow kernels, focal loss, peaks.

Nothing of it is new. It says how good a detector can be here with a core of a CPU for two
minutes, so that a published idea is compared with more than other published ideas.
"""

from adaptor_bench.method import Card
from adaptor_bench.registry import composed
from adaptor_bench.stages.decoders.peaks import Peaks
from adaptor_bench.stages.losses.focal import Focal
from adaptor_bench.stages.networks.small_unet import SmallUNet
from adaptor_bench.stages.targets.gaussian import Gaussian
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.settings import Augmentation, Training

CARD = Card(title="U-Net with peaks (reference)")

# Colours that differ more than domains do: what is learnt must be shape.
STRONG = Augmentation(
    rotation=40.0,
    scale=0.2,
    jitter_p=0.0,
    brightness_contrast_p=0.0,
    curves_p=0.8,
    tint_p=0.5,
)
STEPS = Training(
    rate=4e-3,
    beta2=0.99,
    weight_decay=1e-4,
    batch=4,
    steps=1480,
    crop=(192, 128),
    choose="last",
)
# Points of a stitch lie as near as 5.4 px to one another.
PEAKS = Peaks(threshold=None, distance=3.0)

FULL = Detector(
    target=Gaussian(sigma=1.5, combine="max"),
    network=SmallUNet(width=32),
    loss=Focal(),
    decode=PEAKS,
    augment=STRONG,
    training=STEPS,
)
QUICK = {"network": SmallUNet(), "training": STEPS}
SMOKE = QUICK | {
    "input_size": (128, 72),
    "training.steps": 4,
    "training.batch": 2,
    "training.crop": (64, 64),
    "training.retry": False,
}

unet_peaks = composed(
    "unet_peaks",
    FULL,
    card=CARD,
    about="Small U-Net, narrow kernels, focal loss, strong colour augmentation, local maxima.",
    profiles={"quick": QUICK, "smoke": SMOKE},
)
unet_peaks.variant(
    "weak_colours",
    ablates="strong colour augmentation",
    **{"augment.curves_p": 0.0, "augment.tint_p": 0.0},
)
