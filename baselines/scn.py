"""Payer et al.: what a landmark looks like, times where one may be, for landmarks without names.

Theirs is a map a named landmark; here one map holds all, so that the gate knows the pattern of
them and not which is missing. The gate goes around any network: ``--set network=scn``.
"""

from dataclasses import replace

from adaptor_bench.method import Card
from adaptor_bench.registry import composed
from adaptor_bench.stages.decoders.peaks import Peaks
from adaptor_bench.stages.losses.cross_entropy import CrossEntropy
from adaptor_bench.stages.networks.scn import Scn
from adaptor_bench.stages.targets.gaussian import Gaussian
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.settings import Augmentation, Training

CARD = Card(
    title="Spatial configuration as a gate (after Payer et al.)",
    paper="Payer, Štern, Bischof, Urschler: Integrating spatial configuration into heatmap "
    "regression based CNNs for landmark localization, Medical Image Analysis 54, 2019",
    url="https://doi.org/10.1016/j.media.2019.03.007",
    licence="none that we found for their code; none of it is used",
    reconstruction="An adaptation: their maps are one a named landmark, and an image has all of "
    "them. One map for all, a gate that is a probability and sees the image too, cross entropy "
    "for the squared error, the decoding and all of the training but its sizes are ours.",
)

PAPER = Detector(
    target=Gaussian(sigma=2.5, combine="max"),
    network=Scn(pool=16, kernel=11, gate_width=128, shift=-5.0),
    loss=CrossEntropy(),
    decode=Peaks(threshold=None, distance=3.0),
    augment=Augmentation(
        flip_p=0.0,
        rotation=14.3,
        rotation_p=1.0,
        scale=0.2,
        jitter_p=0.0,
        brightness_contrast_p=1.0,
        brightness_contrast=0.25,
    ),
    training=Training(
        optimiser="adam",
        rate=1e-4,
        weight_decay=0.0,
        schedule="constant",
        warmup=0.0,
        batch=1,
        steps=30_000,
    ),
)

# As the other published methods, on smaller windows: the gate has to cost something.
STEPS = Training(
    rate=4e-3,
    beta2=0.99,
    weight_decay=1e-4,
    batch=4,
    steps=400,
    crop=(128, 96),
    choose="last",
)
QUICK = {
    "network": Scn(inner="small_unet", width=8, gate_width=32, shift=-3.0),
    "training": STEPS,
}
SMOKE = QUICK | {
    "input_size": (128, 72),
    "training": replace(STEPS, crop=(64, 64), steps=4, batch=2, retry=False),
}

scn = composed(
    "scn",
    PAPER,
    card=CARD,
    about="A map of local looks times a gate that sees the pattern of all landmarks; cross "
    "entropy, local maxima.",
    profiles={"quick": QUICK, "smoke": SMOKE},
)
scn.variant("no_gate", ablates="the spatial gate", **{"network.gate": False})
scn.variant(
    "blind_gate", ablates="the gate's view of the image, which is ours", **{"network.image": False}
)
