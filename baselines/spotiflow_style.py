"""Spotiflow's idea in parts of ours: heatmaps of several scales, and a flow for the sub-pixel.

The package itself is the method ``spotiflow``; here its targets, loss and decoding meet the
network size, augmentation and schedule that the other methods have.
"""

from dataclasses import replace

from adaptor_bench.method import Card
from adaptor_bench.registry import composed
from adaptor_bench.stages.decoders.flow_peaks import FlowPeaks
from adaptor_bench.stages.losses.multiscale_flow import MultiscaleFlowLoss
from adaptor_bench.stages.networks.multiscale_unet import MultiscaleUNet
from adaptor_bench.stages.targets.multiscale_flow import MultiscaleFlow
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.settings import Augmentation, Training

CARD = Card(
    title="Heatmaps of several scales and a flow (after Spotiflow)",
    paper="Dominguez Mantes et al.: Spotiflow: accurate and efficient spot detection for "
    "fluorescence microscopy with deep stereographic flow regression, Nature Methods 2025",
    url="https://doi.org/10.1038/s41592-025-02662-x",
    reconstruction="A reconstruction of targets, loss and decoding in exchangeable parts; its "
    "training (schedule, augmentation, selection) is ours.",
)

PAPER = Detector(
    target=MultiscaleFlow(),
    network=MultiscaleUNet(),
    loss=MultiscaleFlowLoss(),
    decode=FlowPeaks(),
    augment=Augmentation(
        rotation=180.0,
        rotation_p=0.5,
        jitter_p=0.0,
        brightness_contrast_p=0.0,
        curves_p=0.5,
        gain=0.5,
        channel_gain=0.0,
        gamma=0.0,
        offset=0.2,
    ),
    training=Training(rate=3e-4, batch=4, epochs=200, crop=(256, 256)),
)

STEPS = Training(
    rate=3e-3,
    beta2=0.99,
    weight_decay=1e-4,
    batch=4,
    steps=800,
    crop=(192, 128),
    choose="last",
)
# Kernels of 1 px are learnt late: after 600 steps of such a training nothing was found yet.
QUICK = {
    "network": MultiscaleUNet(width=8, convolutions=2),
    "target": MultiscaleFlow(sigma=2.0),
    "decode": FlowPeaks(distance=3.0, sigma=2.0),
    "select": FlowPeaks(distance=3.0, sigma=2.0),
    "training": STEPS,
}
SMOKE = QUICK | {
    "input_size": (128, 72),
    "training": replace(STEPS, crop=(64, 64), steps=4, batch=2, retry=False),
}

spotiflow_style = composed(
    "spotiflow_style",
    PAPER,
    card=CARD,
    about="Multi-scale heatmaps and stereographic flow; peaks, moved below a pixel by the flow.",
    profiles={"quick": QUICK, "smoke": SMOKE},
)
