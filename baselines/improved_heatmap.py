"""Yao et al. 2021: improved heatmap-based landmark detection, and its ablations.

The paper's settings; what the text leaves out follows the authors' public code
(``docs/methods.md`` lists every such choice).
"""

from dataclasses import replace

from adaptor_bench.method import Card
from adaptor_bench.registry import composed
from adaptor_bench.stages.decoders.otsu import Otsu
from adaptor_bench.stages.decoders.peaks import Peaks
from adaptor_bench.stages.losses.dice import Dice
from adaptor_bench.stages.networks.resnext_unet import ResNextUNet
from adaptor_bench.stages.networks.small_unet import SmallUNet
from adaptor_bench.stages.registry import mark_of
from adaptor_bench.stages.targets.gaussian import Gaussian
from adaptor_bench.stages.translators.colour_statistics import ColourStatistics
from adaptor_bench.stages.translators.cyclegan import CycleGan
from adaptor_bench.stages.translators.detcyclegan import DetCycleGan
from adaptor_bench.stages.translators.fourier import Fourier
from adaptor_bench.stages.translators.histogram import Histogram
from adaptor_bench.stages.translators.hyperrealism import Hyperrealism
from adaptor_bench.stages.translators.none import NoTranslation
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.settings import Augmentation, Training

CARD = Card(
    title="Improved heatmap (Yao et al.)",
    paper="Yao, Guo, Zhang, Li: Improved Heatmap-based Landmark Detection, DGM4MICCAI 2021",
    url="https://doi.org/10.1007/978-3-030-88210-5_11",
    reconstruction="The paper's method; what its text leaves open (the kernel of the opening, "
    "much of the training) follows the authors' public code, or is ours where that is silent.",
)

PAPER = Detector(
    translate=CycleGan(),
    target=Gaussian(sigma=5.657, combine="sum_minmax"),
    network=ResNextUNet(),
    loss=Dice(),
    decode=Otsu(opening_radius=2, cut=True),
    # Neither opening nor cutting has a say in which network is kept.
    select=Peaks(threshold=None, blur=2.0),
    augment=Augmentation(rotation=40.0),
    training=Training(rate=1e-4, weight_decay=0.01, warmup=0.1, batch=32, epochs=50),
)

# What two cores train in about half a minute a fold: windows of the whole-size frame, so that
# kernel, opening and cutting mean what they mean in the paper; the network is small instead.
STEPS = Training(
    rate=4e-3,
    beta2=0.99,
    weight_decay=1e-4,
    batch=4,
    steps=400,
    translated_share=1 / 3,
    crop=(192, 128),
    choose="last",
)
QUICK = {
    "translate": CycleGan(**CycleGan.profiles["quick"]),
    "network": SmallUNet(),
    "training": STEPS,
}
# Seconds: proves that every stage runs, not that anything is learnt.
SMOKE = QUICK | {
    "input_size": (128, 72),
    "translate": CycleGan(**CycleGan.profiles["smoke"]),
    "training": replace(STEPS, crop=(64, 64), steps=4, batch=2, retry=False),
}

improved_heatmap = composed(
    "improved_heatmap",
    PAPER,
    card=CARD,
    about="CycleGAN for intraop, one-channel heatmap, Dice, Otsu, opening, cutting, centroids.",
    profiles={"quick": QUICK, "smoke": SMOKE},
)
improved_heatmap.variant("no_cyclegan", ablates="CycleGAN translation", translate=NoTranslation())
for other in (Histogram(), ColourStatistics(), Fourier()):
    name = mark_of(other).name
    improved_heatmap.variant(
        name, ablates=f"CycleGAN, with {other.title} in its place", translate=other
    )
for another in (DetCycleGan, Hyperrealism):  # by name: each comes with its own quick settings
    name = mark_of(another).name
    improved_heatmap.variant(
        name, ablates=f"CycleGAN, with {another.title} in its place", translate=name
    )
improved_heatmap.variant(
    "no_cutting", ablates="cutting of large regions", decode=replace(PAPER.decode, cut=False)
)
improved_heatmap.variant(
    "no_opening", ablates="morphological opening", decode=replace(PAPER.decode, opening_radius=0)
)
