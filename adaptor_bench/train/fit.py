"""Train a detector's network: which state is kept, and what happens when nothing was learnt."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import NoneType
from typing import Any

import torch
from torch import Tensor, nn

from adaptor_bench.matching.settings import MatchSettings
from adaptor_bench.progress import Bar
from adaptor_bench.train.augment_batch import on_device
from adaptor_bench.train.device import deterministic
from adaptor_bench.train.loop import HINT, train
from adaptor_bench.train.rank import Rank
from adaptor_bench.train.samples import Sample, SampleStream
from adaptor_bench.train.savepoints import Savepoint, State, UnusableSavepoint
from adaptor_bench.train.settings import Parts, Training
from adaptor_bench.train.trial import inner_f1, some_of
from adaptor_bench.train.weights import require_finite

COLLAPSED = 0.05
"""F1 on the frames it is tried on below which a network counts as having learnt nothing."""
_AS_PUBLISHED = MatchSettings()
_OTHER_SEED = 0x9E3779B9  # added to a seed for the second try


@dataclass(frozen=True)
class Fitted:
    """Trained weights, and what was seen on the way (loss curve, trials of the selection)."""

    weights: dict[str, Tensor]
    history: dict[str, Any]


@dataclass(frozen=True)
class Work:
    """What a network is trained on and how, wherever that is done; see :func:`fit_network`."""

    parts: Parts
    train: Sequence[Sample]
    selection: Sequence[Sample]
    seed: int
    matching: MatchSettings
    translated: Sequence[Sample]

    def __post_init__(self) -> None:
        if self.translated and self.parts.training.translated_share == 1:
            object.__setattr__(self, "train", ())
            object.__setattr__(self, "selection", ())


def fit_network(
    parts: Parts,
    train: Sequence[Sample],
    selection: Sequence[Sample],
    *,
    seed: int,
    device: str,
    bar: Bar,
    matching: MatchSettings = _AS_PUBLISHED,
    translated: Sequence[Sample] = (),
    savepoint: Savepoint | None = None,
) -> Fitted:
    """Train on ``train``; keep what ``training.choose`` says, by F1 on ``selection`` if any.

    ``translated`` are samples of another domain, ``training.translated_share`` of what is seen; at
    a share of 1 the others are not used at all. A network without ``selection`` is tried on some
    of what it is trained on, real frames if any. ``matching`` is how F1 is scored. A network
    that finds nothing there is trained once more with another seed; ``history["collapsed"]`` holds
    the F1 of every try that failed. It goes on from ``savepoint`` if something is kept there, and
    ends with the same weights. Raises TrainingError when the loss, a weight or a map is not finite.
    """
    savepoint = savepoint or Savepoint(None, device)
    work = Work(parts, train, selection, seed, matching, translated)
    return savepoint.resumed(partial(fit_here, work, device, bar, savepoint))


def fit_here(
    work: Work,
    device: str,
    bar: Bar,
    savepoint: Savepoint,
    resumed: State | None,
    rank: Rank | None = None,
) -> Fitted:
    """Do the ``work`` in this process, on its ``device``; as one ``rank`` of several, with them.

    All of them come to the same weights; what is kept of them, the first one knows.
    """
    past = _Past(savepoint, resumed)
    collapsed: list[float] = []
    for again in range(2):
        now = (work.seed + again * _OTHER_SEED) % 2**32
        fitted = _Fit(work, now, device, bar, past, rank).run()
        reached = fitted.history["f1"]
        if not work.parts.training.retry or reached is None or reached >= COLLAPSED:
            break
        collapsed.append(reached)
    if past.resumed is not None:
        raise UnusableSavepoint("it is of a later training than there is")
    return Fitted(fitted.weights, fitted.history | {"collapsed": collapsed})


@dataclass
class _Past:
    """The trainings of one network, which come one after the other: of those that were done before
    the one that was interrupted only the histories are needed, and kept."""

    savepoint: Savepoint
    resumed: State | None
    done: list[dict[str, Any]] = field(default_factory=list)

    def next(self) -> dict[str, Any] | State | None:
        """Of the training that comes now: its history, if it is done; the state to go on from, if
        it was interrupted; None, if it begins."""
        if self.resumed is None:
            return None
        earlier = self.resumed.rows(
            "done", steps=(int,), loss=(list,), selection=(list,), f1=(float, NoneType)
        )
        if len(self.done) < len(earlier):
            self.done.append(dict(earlier[len(self.done)]))
            return dict(self.done[-1])
        state, self.resumed = self.resumed, None
        return state

    def offer(self, state: Callable[[], State], kept: Mapping[str, Tensor], trials: Any) -> None:
        """Offer the state after a step, with what was chosen until then."""

        def whole() -> State:
            inner = state()
            inner.tensors |= {f"kept.{name}": tensor for name, tensor in kept.items()}
            inner.values |= {"trials": trials, "done": self.done}
            return inner

        self.savepoint.offer(whole)


@dataclass
class _Fit:
    """One training with one seed."""

    work: Work
    seed: int
    device: str
    bar: Bar
    past: _Past
    rank: Rank | None

    def run(self) -> Fitted:
        work, settings = self.work, self.work.parts.training
        with deterministic(self.seed):
            weights, history = self._trained(work.train)
            trials = history["selection"]
            if settings.choose == "refit" and trials:
                best = max(t["f1"] or 0.0 for t in trials)
                stop = [t["step"] for t in trials if (t["f1"] or 0.0) == best][-1]
                weights, second = self._trained([*work.train, *work.selection], stop)
                history |= {"loss": second["loss"], "refit": stop, "f1": second["f1"]}
        require_finite(weights, "the network", hint=HINT)
        return Fitted(weights, history)

    def _trained(
        self, samples: Sequence[Sample], stop: int | None = None
    ) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The weights to keep and the history; with ``stop`` the state after that step."""
        resumed = self.past.next()
        if isinstance(resumed, dict):  # its weights were given up before the one that goes on
            return {}, resumed
        work, rank = self.work, self.rank
        parts, settings = work.parts, work.parts.training
        steps = settings.steps_for(len(samples), len(work.translated))
        stream = SampleStream(
            samples=samples,
            length=steps * settings.batch,
            augmentation=parts.augment,
            target=parts.target,
            input_size=parts.input_size,
            crop=settings.crop,
            seed=self.seed,
            translated=work.translated,
            share=settings.translated_share,
            deferred=settings.augments_on(self.device),
            pinned=self.device.startswith("cuda"),
        )
        torch.manual_seed(self.seed)
        last = steps if stop is None else min(stop, steps)
        times = settings.selections if work.selection and stop is None else 1
        tried_at = {round(last * (i + 1) / times) for i in range(times)}
        kept: dict[str, Tensor] = {}
        trials: list[dict[str, Any]] = []
        if resumed is not None:
            trials = resumed.rows("trials", step=(int,), f1=(float, NoneType))
            if trials:
                like = resumed.below("network")
                kept = {k: resumed.take(f"kept.{k}", t).clone() for k, t in like.items()}
            self.past.savepoint.goes_on(resumed.count("step", last), last)

        def after(step: int, network: nn.Module) -> None:
            if step not in tried_at:
                return
            if rank is not None and not rank.leads:
                trials.append({"step": step, "f1": rank.of_leader(None)})
                return
            if rank is not None:
                network = rank.alone(network)
            running = copy_of(network)
            if settings.norm_batches:
                reestimate_norm(network, stream, step, settings, self.device)
            best = max((trial["f1"] or 0.0 for trial in trials), default=0.0)
            reached = self._tried(network)
            if rank is not None:
                reached = rank.of_leader(reached)
            trials.append({"step": step, "f1": reached})
            if (reached or 0.0) >= best:
                kept.update(copy_of(network))
            network.load_state_dict(running)
            network.train()

        network, losses = train(
            parts, stream if rank is None else rank.share(stream), steps, stop=last,
            device=self.device, bar=self.bar, after=after, resumed=resumed,
            offer=lambda state: self.past.offer(state, kept, trials), rank=rank,
        )  # fmt: skip
        # The loss is looked at now and then, and before a step, never after the last one.
        require_finite(network.state_dict(), "the network", hint=HINT)
        if rank is not None:
            rank.require_same(network)
        history = {
            "steps": steps,
            "loss": losses,
            "selection": trials if work.selection else [],
            "f1": max((t["f1"] for t in trials if t["f1"] is not None), default=None),
        }
        self.past.done.append(history)
        return kept, dict(history)

    def _tried(self, network: nn.Module) -> float | None:
        """F1 on the frames to try it on; None: there is none, or nobody asks."""
        work, settings = self.work, self.work.parts.training
        if not work.selection and not settings.retry:
            return None
        seen = work.selection or some_of(work.train or work.translated)
        reached = inner_f1(
            network, seen, work.parts.select, self.device, work.matching,
            bfloat16=settings.bfloat16,
        )  # fmt: skip
        return None if math.isnan(reached) else reached


def reestimate_norm(
    network: nn.Module, stream: SampleStream, step: int, settings: Training, device: Any
) -> None:
    """Average the batch-norm statistics over the training batches that precede ``step``."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    network.eval()  # no dropout: the statistics are for use without it
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # None makes torch keep the plain average
        norm.train()
    with torch.no_grad():
        for number in range(max(0, step - settings.norm_batches), step):
            images, _ = stream.batch(number, settings.batch)
            network(on_device(images, device).contiguous(memory_format=torch.channels_last))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def copy_of(network: nn.Module) -> dict[str, Tensor]:
    """Its weights, on the CPU and laid out as files keep them."""
    return {
        k: v.detach().to("cpu", copy=True).contiguous() for k, v in network.state_dict().items()
    }
