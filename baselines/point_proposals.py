"""P2PNet: points are proposed directly, and each is assigned to a label in training.

Song et al. count and locate people in crowds. Nothing is drawn and nothing suppressed: a proposal
learns to be the one for its point by being assigned to it.
"""

from dataclasses import replace

from adaptor_bench.method import Card
from adaptor_bench.registry import composed
from adaptor_bench.stages.decoders.proposals import Proposals
from adaptor_bench.stages.losses.point_set import PointSet
from adaptor_bench.stages.networks.strided_unet import StridedUNet
from adaptor_bench.stages.networks.vgg_pyramid import VggPyramid
from adaptor_bench.stages.targets.point_cells import PointCells
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.settings import Augmentation, Training

CARD = Card(
    title="Point proposals (P2PNet, Song et al.)",
    paper="Song et al.: Rethinking Counting and Localization in Crowds: A Purely Point-Based "
    "Framework, ICCV 2021",
    url="https://arxiv.org/abs/2107.12746",
    reconstruction="All from the paper's text. Open: how its matching behaves where points are as "
    "few as here, some ten a frame among thousands of proposals.",
)

PAPER = Detector(
    target=PointCells(),
    network=VggPyramid(),
    loss=PointSet(),
    decode=Proposals(),
    augment=Augmentation(rotation_p=0.0, scale=0.3, jitter_p=0.0, brightness_contrast_p=0.0),
    training=Training(
        optimiser="adam",
        rate=1e-4,
        weight_decay=0.0,
        schedule="constant",
        warmup=0.0,
        batch=8,
        epochs=3500,
        crop=(128, 128),
    ),
)

STEPS = Training(
    rate=4e-3,
    beta2=0.99,
    weight_decay=1e-4,
    batch=4,
    steps=1200,
    crop=(192, 128),
    choose="last",
)
QUICK = {"network": StridedUNet(stride=8, head=64), "training": STEPS}
SMOKE = QUICK | {
    "input_size": (128, 72),
    "training": replace(STEPS, crop=(64, 64), steps=4, batch=2, retry=False),
}

point_proposals = composed(
    "point_proposals",
    PAPER,
    card=CARD,
    about="Points proposed by anchors, assigned one to one in training (Hungarian), no maps.",
    profiles={"quick": QUICK, "smoke": SMOKE},
)
