"""Stern et al. 2021: heatmap-based landmark detection with a varying number of landmarks.

The paper's method section was not accessible to us; values come from its abstract and from later
public code of the same group (``docs/methods.md`` lists every choice and its source).
"""

from adaptor_bench.heatmap import parameters as p
from adaptor_bench.method import Card, Method
from adaptor_bench.registry import method

CARD = Card(
    title="Stern baseline (Stern et al.)",
    paper="Stern et al.: Heatmap-based 2D Landmark Detection with a Varying Number of Landmarks, "
    "BVM 2021",
    url="https://doi.org/10.1007/978-3-658-33198-6_7",
)

# The same number of steps, frames and pixels as the improved method has in these profiles.
QUICK = {
    "input_size": (256, 144),
    "crop": (128, 96),
    "batch": 4,
    "steps": 150,
    "selections": 2,
    "norm_batches": 8,
}
SMOKE = QUICK | {"input_size": (128, 72), "crop": (64, 64), "steps": 4, "batch": 2}


@method(
    "stern", card=CARD, profiles={"quick": QUICK, "smoke": SMOKE}, relations=p.HEATMAP_RELATIONS
)
def build(
    *,
    network: p.Network = "stern_unet_16_256",
    input_size: p.Size = (512, 288),
    crop: p.Crop = (0, 0),
    sigma: p.Sigma = 1.0,
    combine: p.Combine = "sum_clip",
    loss: p.Loss = "mse_dice",
    rate: p.Rate = 1e-3,
    batch: p.Batch = 1,
    epochs: p.Epochs = 200,
    steps: p.Steps = 0,
    selections: p.Selections = 20,
    norm_batches: p.NormBatches = 0,
    threshold: p.Threshold = 0.5,
) -> Method:
    """Plain U-Net with dropout, narrow kernels, MSE + 1 - Dice, fixed threshold, centroids."""
    from adaptor_bench.heatmap.decode import DecodeSettings
    from adaptor_bench.train.augment import Augmentation
    from adaptor_bench.train.fit import TrainingSettings
    from adaptor_bench.train.heatmap_method import HeatmapMethod, Recipe

    decode = DecodeSettings(threshold=threshold, opening_radius=0, cut=False)
    training = TrainingSettings(
        network=network,
        pretrained=False,
        loss=loss,
        sigma=sigma,
        combine=combine,
        augmentation=Augmentation(
            rotation=60.0,
            rotation_p=0.5,
            shift=0.1,
            shear=0.1,
            affine_p=0.5,
            jitter_p=0.5,
            brightness=0.2,
            contrast=(0.3, 1.5),
            saturation=(0.5, 2.0),
            hue=0.1,
            brightness_contrast_p=0.0,
        ),
        optimiser="adam",
        rate=rate,
        weight_decay=0.0,
        schedule="constant",
        warmup=0.0,
        batch=batch,
        epochs=epochs,
        steps=steps or None,
        crop=crop if any(crop) else None,
        selections=selections,
        norm_batches=norm_batches,
        selection_decode=decode,
    )
    return HeatmapMethod(Recipe(input_size, training, None, decode))
