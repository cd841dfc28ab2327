"""A method: a plain network whose map this package's decoder reads."""

from adaptor_bench.method import Card
from adaptor_bench.registry import composed
from adaptor_bench.stages.losses.focal import Focal
from adaptor_bench.stages.networks.small_unet import SmallUNet
from adaptor_bench.stages.targets.gaussian import Gaussian
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.settings import Training
from bright_marks.decoder import Brightest

bright_marks = composed(
    "bright_marks",
    Detector(
        target=Gaussian(sigma=2.0, combine="max"),
        network=SmallUNet(width=4),
        loss=Focal(),
        decode=Brightest(number=5),
        training=Training(steps=400, batch=4, choose="last"),
    ),
    card=Card(title="Bright marks"),
    profiles={"smoke": {"input_size": (128, 72), "training.steps": 2, "training.batch": 2}},
)
