"""Train a detector's network: a Lightning module, model selection, re-estimated batch norm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import lightning as L
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from adaptor_bench.data.images import scale_points
from adaptor_bench.data.sizes import reference_size
from adaptor_bench.errors import TrainingError
from adaptor_bench.matching.match import match
from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Bar
from adaptor_bench.scoring.metrics import Counts, f1
from adaptor_bench.stages.protocols import Decoder
from adaptor_bench.train.device import deterministic, train_once_through
from adaptor_bench.train.inference import predict_maps
from adaptor_bench.train.samples import Sample, SampleStream
from adaptor_bench.train.settings import Parts, Training
from adaptor_bench.train.weights import require_finite

_AS_PUBLISHED = MatchSettings()
_HINT = "Lower the learning rate: --set training.rate=..."


@dataclass(frozen=True)
class Fitted:
    """Trained weights, and what was seen on the way (loss curve, trials of the selection)."""

    weights: dict[str, Tensor]
    history: dict[str, Any]


def fit_network(
    parts: Parts,
    train: Sequence[Sample],
    selection: Sequence[Sample],
    *,
    seed: int,
    device: str,
    bar: Bar,
    matching: MatchSettings = _AS_PUBLISHED,
) -> Fitted:
    """Train on ``train``; keep the trial with the best F1 on ``selection``, else the last state.

    ``matching`` is how F1 is scored. Raises TrainingError when the loss, a weight or a map is not
    finite.
    """
    settings = parts.training
    steps = settings.steps or settings.epochs * math.ceil(len(train) / settings.batch)
    with deterministic(seed):
        stream = SampleStream(
            samples=train,
            length=steps * settings.batch,
            augmentation=parts.augment,
            target=parts.target,
            input_size=parts.input_size,
            crop=settings.crop,
            seed=seed,
        )
        module = _Module(parts, steps)
        guide = _Guide(parts, stream, selection, matching, steps, bar)
        pinned = device.startswith("cuda")
        loader = DataLoader(stream, batch_size=settings.batch, pin_memory=pinned)
        train_once_through(module, loader, device, [guide])
    assert guide.best is not None
    # The loss is looked at now and then, and before a step, never after the last one.
    require_finite(module.network.state_dict(), "the network", hint=_HINT)
    require_finite(guide.best, "the network", hint=_HINT)
    return Fitted(guide.best, {"steps": steps, "loss": guide.losses, "selection": guide.trials})


class _Module(L.LightningModule):
    """Training glue: one network, one loss, one optimiser, one schedule."""

    def __init__(self, parts: Parts, steps: int) -> None:
        super().__init__()
        self.settings = parts.training
        self.steps = steps
        self.network = parts.network.build(parts.target.channels)
        self.network = self.network.to(memory_format=torch.channels_last)
        self.loss = parts.loss

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        image, target = batch
        logits = self.network(image.contiguous(memory_format=torch.channels_last))
        return self.loss(logits.float(), target)

    def configure_optimizers(self) -> Any:
        settings = self.settings
        kind: type[torch.optim.AdamW] | type[torch.optim.Adam] = {
            "adamw": torch.optim.AdamW,
            "adam": torch.optim.Adam,
        }[settings.optimiser]
        optimiser = kind(
            self.network.parameters(),
            lr=settings.rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self._rate_factor)
        return [optimiser], [{"scheduler": schedule, "interval": "step"}]

    def _rate_factor(self, step: int) -> float:
        warm = max(1, round(self.settings.warmup * self.steps))
        if step < warm:
            return (step + 1) / warm
        if self.settings.schedule == "constant":
            return 1.0
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, self.steps - warm)))


@dataclass(eq=False)
class _Guide(L.Callback):
    """Watches the loss, shows progress, and tries the network on the held-back frames."""

    parts: Parts
    stream: SampleStream
    selection: Sequence[Sample]
    matching: MatchSettings
    steps: int
    bar: Bar
    running: Tensor | None = None
    losses: list[list[float]] = field(default_factory=list)
    trials: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Tensor] | None = None

    def __post_init__(self) -> None:
        trials = self.parts.training.selections if self.selection else 1
        self.trial_steps = {round(self.steps * (i + 1) / trials) for i in range(trials)}

    def on_train_batch_end(
        self, trainer: L.Trainer, module: Any, outputs: Any, batch: Any, index: int
    ) -> None:
        step = index + 1
        loss = outputs["loss"].detach()
        self.running = loss if self.running is None else 0.9 * self.running + 0.1 * loss
        # Reading the loss waits for the device: only now and then.
        if step % 10 == 0 or step == self.steps:
            value = float(self.running)
            if not math.isfinite(value):
                raise TrainingError(
                    f"the training diverged: its loss is not finite at step {step}", hint=_HINT
                )
            self.losses.append([step, round(value, 5)])
            epoch = step * self.parts.training.batch / len(self.stream.samples)
            self.bar(step, self.steps, f"epoch {epoch:.1f} loss {value:.3f}")
        if step in self.trial_steps:
            self._try(module, step)

    def _try(self, module: _Module, step: int) -> None:
        """Keep this state if it is the best so far on the held-back frames, or the last of none."""
        network = module.network
        running = _copy(network)
        if self.parts.training.norm_batches:
            _reestimate_norm(network, self.stream, step, self.parts.training, module.device)
        best = max((trial["f1"] or 0.0 for trial in self.trials), default=0.0)
        here = 0.0
        if self.selection:
            how = self.parts.select, module.device, self.matching
            score = inner_f1(network, self.selection, *how)
            self.trials.append({"step": step, "f1": None if math.isnan(score) else score})
            here = 0.0 if math.isnan(score) else score
        if here >= best:
            self.best = _copy(network)
        network.load_state_dict(running)
        network.train()


def inner_f1(
    network: nn.Module,
    samples: Sequence[Sample],
    decode: Decoder,
    device: torch.device,
    matching: MatchSettings,
) -> float:
    """Pooled F1 (0..1, NaN without any point) on samples, matched in px of the frame as stored."""
    counts = Counts(0, 0, 0)
    drawn = predict_maps(network, [s.image for s in samples], device=device)
    for sample, maps in zip(samples, drawn, strict=True):
        stored = sample.stored or sample.size
        size = reference_size(stored)
        found = decode.decode(maps, size).points
        result = match(
            scale_points(found, size, stored),
            scale_points(sample.points, sample.size, stored),
            matching.radius,
            matching.rule,
            matching.inclusive,
        )
        counts = counts + Counts(result.tp, result.fp, result.fn)
    return f1(counts)


def _reestimate_norm(
    network: nn.Module,
    stream: SampleStream,
    step: int,
    settings: Training,
    device: torch.device,
) -> None:
    """Average the batch-norm statistics over the training batches that precede ``step``."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    network.eval()  # no dropout: the statistics are for use without it
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # None makes torch keep the plain average
        norm.train()
    first = max(0, step - settings.norm_batches) * settings.batch
    with torch.no_grad():
        for start in range(first, step * settings.batch, settings.batch):
            batch = torch.stack([stream[i][0] for i in range(start, start + settings.batch)])
            network(batch.to(device).contiguous(memory_format=torch.channels_last))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _copy(network: nn.Module) -> dict[str, Tensor]:
    return {
        k: v.detach().to("cpu", copy=True).contiguous() for k, v in network.state_dict().items()
    }
