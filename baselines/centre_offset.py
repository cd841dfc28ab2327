"""CenterNet for points: a heatmap of centres on a coarse grid, and what the grid rounds away.

Zhou, Wang and Kraehenbuehl detect objects by their centres and regress their sizes; a landmark is
a centre without a size, so the branch for sizes is left out and one width of kernel serves all.
"""

from dataclasses import replace

from adaptor_bench.method import Card
from adaptor_bench.registry import composed
from adaptor_bench.stages.decoders.centres import Centres
from adaptor_bench.stages.losses.focal_offset import FocalOffset
from adaptor_bench.stages.networks.resnet_deconv import ResNetDeconv
from adaptor_bench.stages.networks.strided_unet import StridedUNet
from adaptor_bench.stages.targets.centre_offset import CentreOffset
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.settings import Augmentation, Training

CARD = Card(
    title="Centres and offsets (CenterNet, Zhou et al.)",
    paper="Zhou, Wang, Krähenbühl: Objects as Points, arXiv 1904.07850, 2019",
    url="https://arxiv.org/abs/1904.07850",
    reconstruction="A landmark is a centre without a size: the branch for sizes is gone, and all "
    "kernels have one width, 2.5 px, which is ours; theirs adapts to the object.",
)

PAPER = Detector(
    target=CentreOffset(),
    network=ResNetDeconv(),
    loss=FocalOffset(),
    decode=Centres(),
    augment=Augmentation(rotation_p=0.0, scale=0.4, jitter_p=0.0, brightness_contrast_p=1.0),
    training=Training(optimiser="adam", rate=1.25e-4, weight_decay=0.0, batch=32, epochs=140),
)

STEPS = Training(
    rate=4e-3,
    beta2=0.99,
    weight_decay=1e-4,
    batch=4,
    steps=1000,
    crop=(192, 128),
    choose="last",
)
QUICK = {"network": StridedUNet(), "training": STEPS}
SMOKE = QUICK | {
    "input_size": (128, 72),
    "training": replace(STEPS, crop=(64, 64), steps=4, batch=2, retry=False),
}

centre_offset = composed(
    "centre_offset",
    PAPER,
    card=CARD,
    about="Focal heatmap at a quarter of the frame, L1 offset at centres, maxima plus offset.",
    profiles={"quick": QUICK, "smoke": SMOKE},
)
