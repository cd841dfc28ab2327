"""Yao et al. 2021: improved heatmap-based landmark detection, and its ablations.

Defaults are the paper's settings; what the text leaves out follows the authors' public code
(``docs/methods.md`` lists every such choice).
"""

from adaptor_bench.heatmap import parameters as p
from adaptor_bench.method import Card, Method
from adaptor_bench.registry import method

CARD = Card(
    title="Improved heatmap (Yao et al.)",
    paper="Yao, Guo, Zhang, Li: Improved Heatmap-based Landmark Detection, DGM4MICCAI 2021",
    url="https://doi.org/10.1007/978-3-030-88210-5_11",
)

# A fixed number of steps that two cores finish in about half a minute a fold.
QUICK = {
    "network": "plain_unet_16_512",
    "input_size": (256, 144),
    "crop": (128, 96),
    "sigma": 3.0,
    "combine": "max",
    "rate": 8e-3,
    "weight_decay": 1e-4,
    "warmup": 0.1,
    "batch": 4,
    "steps": 150,
    "selections": 2,
    "norm_batches": 8,
    "gan_width": 16,
    "gan_blocks": 3,
    "gan_residual": True,
    "gan_layers": 2,
    "gan_crop": (96, 64),
    "gan_batch": 4,
    "gan_steps": 40,
    "gan_rate": 6e-4,
    "gan_identity": 2.5,
}
# Seconds: proves that every stage runs, not that anything is learnt.
SMOKE = QUICK | {"input_size": (128, 72), "crop": (64, 64), "steps": 4, "batch": 2, "gan_steps": 2}


@method(
    "improved_heatmap",
    card=CARD,
    profiles={"quick": QUICK, "smoke": SMOKE},
    relations=p.HEATMAP_RELATIONS,
)
def build(
    *,
    network: p.Network = "resnext_unet",
    pretrained: bool = False,
    input_size: p.Size = (512, 288),
    crop: p.Crop = (0, 0),
    sigma: p.Sigma = 5.657,
    combine: p.Combine = "sum_minmax",
    loss: p.Loss = "dice",
    rotation: p.Angle = 40.0,
    optimiser: p.Optimiser = "adamw",
    rate: p.Rate = 1e-4,
    weight_decay: p.Decay = 0.01,
    warmup: p.Share = 0.1,
    batch: p.Batch = 32,
    epochs: p.Epochs = 50,
    steps: p.Steps = 0,
    selections: p.Selections = 50,
    norm_batches: p.NormBatches = 0,
    threshold: p.OtsuOrThreshold = "otsu",
    otsu_floor: p.Threshold = 0.0,
    opening_radius: p.OpeningRadius = 2,
    cut: bool = True,
    cut_factor: p.Factor = 1.0,
    cyclegan: bool = True,
    gan_width: p.Width = 64,
    gan_blocks: p.Blocks = 9,
    gan_residual: bool = False,
    gan_layers: p.Layers = 3,
    gan_crop: p.Crop = (256, 256),
    gan_batch: p.Batch = 1,
    gan_epochs: p.Epochs = 200,
    gan_steps: p.Steps = 0,
    gan_rate: p.Rate = 2e-4,
    gan_identity: p.Weight = 5.0,
) -> Method:
    """CycleGAN for intraop, one-channel heatmap, Dice, Otsu, opening, cutting, centroids."""
    from adaptor_bench.heatmap.decode import DecodeSettings
    from adaptor_bench.train.augment import Augmentation
    from adaptor_bench.train.fit import TrainingSettings
    from adaptor_bench.train.heatmap_method import HeatmapMethod, Recipe
    from adaptor_bench.train.translation import TranslationSettings

    training = TrainingSettings(
        network=network,
        pretrained=pretrained,
        loss=loss,
        sigma=sigma,
        combine=combine,
        augmentation=Augmentation(rotation=rotation),
        optimiser=optimiser,
        rate=rate,
        weight_decay=weight_decay,
        schedule="cosine",
        warmup=warmup,
        batch=batch,
        epochs=epochs,
        steps=steps or None,
        crop=crop if any(crop) else None,
        selections=selections,
        norm_batches=norm_batches,
        # Selection decodes as the paper does, so ablations of the decoding share the network.
        selection_decode=DecodeSettings(),
    )
    translation = TranslationSettings(
        width=gan_width,
        blocks=gan_blocks,
        residual=gan_residual,
        layers=gan_layers,
        crop=gan_crop if any(gan_crop) else None,
        batch=gan_batch,
        epochs=gan_epochs,
        steps=gan_steps or None,
        rate=gan_rate,
        identity=gan_identity,
    )
    decode = DecodeSettings(
        threshold=threshold,
        opening_radius=opening_radius,
        cut=cut,
        cut_factor=cut_factor,
        floor=otsu_floor,
    )
    return HeatmapMethod(Recipe(input_size, training, translation if cyclegan else None, decode))


build.variant("no_cyclegan", ablates="CycleGAN translation", cyclegan=False)
build.variant("no_cutting", ablates="cutting of large regions", cut=False)
build.variant("no_opening", ablates="morphological opening", opening_radius=0)
