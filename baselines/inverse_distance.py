"""Liang et al.: maps of focal inverse distances, whose peaks stay apart, and their local maxima.

From the counting of crowds, where heads touch one another as little as points of a stitch do.
"""

from dataclasses import replace

from adaptor_bench.method import Card
from adaptor_bench.registry import composed
from adaptor_bench.stages.decoders.lmds import Lmds
from adaptor_bench.stages.decoders.peaks import Peaks
from adaptor_bench.stages.losses.cross_entropy import CrossEntropy
from adaptor_bench.stages.losses.mse_ssim import MseSsim
from adaptor_bench.stages.networks.resnext_unet import ResNextUNet
from adaptor_bench.stages.networks.small_unet import SmallUNet
from adaptor_bench.stages.targets.inverse_distance import InverseDistance
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.settings import Augmentation, Training

CARD = Card(
    title="Focal inverse distances (FIDT, Liang et al.)",
    paper="Liang, Xu, Zhu, Zhou: Focal Inverse Distance Transform Maps for Crowd Localization, "
    "IEEE Transactions on Multimedia, 2022",
    url="https://arxiv.org/abs/2102.07925",
    licence="their code: MIT; none of it is used",
    reconstruction="Map, decoding and schedule are those of the public code. The network is a "
    "ResNeXt U-Net with random weights for their pretrained HRNet, maps are sigmoids for their "
    "linear ones; how the paper weights its two losses is open. In quick cross entropy with a "
    "focus stands for the squared error, with which so short a training learns nothing.",
)

PAPER = Detector(
    target=InverseDistance(),
    network=ResNextUNet(),
    loss=MseSsim(),
    decode=Lmds(),
    augment=Augmentation(rotation_p=0.0, jitter_p=0.0, brightness_contrast_p=0.0),
    training=Training(
        optimiser="adam",
        rate=1e-4,
        weight_decay=5e-4,
        schedule="constant",
        warmup=0.0,
        batch=16,
        epochs=3000,
        crop=(256, 256),
    ),
)

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
    "network": SmallUNet(),
    "loss": CrossEntropy(focus=2.0, structure=1.0),
    "training": STEPS,
}
SMOKE = QUICK | {
    "input_size": (128, 72),
    "training": replace(STEPS, crop=(64, 64), steps=4, batch=2, retry=False),
}

inverse_distance = composed(
    "inverse_distance",
    PAPER,
    card=CARD,
    about="Inverse distances to the nearest landmark, local maxima above a share of the highest.",
    profiles={"quick": QUICK, "smoke": SMOKE},
)
inverse_distance.variant(
    "peaks",
    ablates="their decoding, with local maxima above a threshold from training frames in its place",
    decode=Peaks(threshold=None, distance=3.0),
)
