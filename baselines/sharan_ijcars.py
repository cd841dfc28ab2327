"""Sharan et al. 2021: blurred maps and soft-argmax values as a local non-maximum suppression.

Network, last layers, targets and decoding follow the authors' public code. The paper's method
section was not accessible to us, so what its Variants 1 and 2 are is our reading of that code
(``docs/methods.md`` says which choice rests on what).
"""

from dataclasses import replace

from adaptor_bench.method import Card
from adaptor_bench.registry import composed
from adaptor_bench.stages.decoders.threshold import Threshold
from adaptor_bench.stages.losses.mse_dice import MseDice
from adaptor_bench.stages.losses.two_stage import TwoStage
from adaptor_bench.stages.networks.value_map import ValueMap
from adaptor_bench.stages.targets.gaussian import Gaussian
from adaptor_bench.stages.targets.tanh import Tanh
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.settings import Augmentation, Training

CARD = Card(
    title="Heatmaps with soft-argmax values (Sharan et al.), reconstruction",
    paper="Sharan et al.: Point detection through multi-instance deep heatmap regression for "
    "sutures in endoscopy, IJCARS 16, 2021",
    url="https://doi.org/10.1007/s11548-021-02523-w",
    licence="their code: GPL-3.0; none of it is used",
    reconstruction="A reconstruction: we had the abstract and the beginning of the Results. The "
    "network follows the authors' public code; what exactly Variants 1 and 2 are is open.",
)

PAPER = Detector(
    target=Gaussian(sigma=2.0, combine="sum_clip"),
    network=ValueMap(),
    loss=MseDice(),
    decode=Threshold(0.5),
    augment=Augmentation(
        rotation=60.0,
        rotation_p=0.5,
        shift=0.1,
        shear=0.1,
        affine_p=0.5,
        brightness=0.2,
        contrast=(0.3, 1.5),
        saturation=(0.5, 2.0),
        hue=0.1,
        brightness_contrast_p=0.0,
    ),
    training=Training(
        optimiser="adam",
        rate=1e-3,
        weight_decay=0.0,
        schedule="constant",
        warmup=0.0,
        batch=1,
        epochs=200,
        selections=20,
    ),
)

# Network, steps, frames and pixels as the other published methods have them in these profiles.
STEPS = Training(
    rate=2e-3,
    beta2=0.99,
    weight_decay=1e-4,
    batch=4,
    steps=400,
    crop=(192, 128),
    choose="last",
)
QUICK = {"network": ValueMap(inner="small_unet"), "training": STEPS}
SMOKE = QUICK | {
    "input_size": (128, 72),
    "training": replace(STEPS, crop=(64, 64), steps=4, batch=2, retry=False),
}

sharan_ijcars = composed(
    "sharan_ijcars",
    PAPER,
    card=CARD,
    about="Bilinear U-Net, Gaussian blur and soft-argmax values at its end (Variant 1); "
    "MSE + 1 - Dice, fixed threshold, centroids.",
    profiles={"quick": QUICK, "smoke": SMOKE},
)
sharan_ijcars.variant(
    "variant_2",
    ablates="their one loss, with one on the blurred map added",
    loss=TwoStage(),
    **{"network.both": True},
)
sharan_ijcars.variant(
    "tanh", ablates="Gaussian kernels, with tanh in their place", target=Tanh(spread=7.0)
)
