"""The translator of a fold and the frames it translates, each made once and then shared.

A translator is keyed by exactly the surgeries it saw, so folds and methods share one where these
are the same. Nothing here imports torch before something is made.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptor_bench.atomic import write_json
from adaptor_bench.bounded import read_json
from adaptor_bench.data.images import image_size, read_image, write_image
from adaptor_bench.data.pixels import ImagesOf, Picture
from adaptor_bench.errors import InputError
from adaptor_bench.memory import Peak
from adaptor_bench.method import FoldTask
from adaptor_bench.progress import Bar
from adaptor_bench.stages.protocols import Image, Images, Translator
from adaptor_bench.stages.registry import mark_of
from adaptor_bench.stages.translators.none import NoTranslation
from adaptor_bench.train.keys import code_of, seed_of, translator_payload
from adaptor_bench.train.settings import Parts

if TYPE_CHECKING:
    from adaptor_bench.train.samples import Sample

OF_TRANSLATOR = "translator.json"
OF_PART = "cost.json"
"""What making an artefact cost: CPU seconds and peak memory, beside it."""


def alone(parts: Parts) -> bool:
    """Whether the network is trained on translated frames only, and on no label of its domain."""
    translates = not isinstance(parts.translate, NoTranslation)
    return translates and parts.training.translated_share == 1


def lacking(parts: Parts, task: FoldTask) -> list[str]:
    """What a reader must know of a fold for which no frame is translated though there is a
    translator. Raises InputError where nothing would be left to train on."""
    source = parts.translate.source_for(task.domain)
    if task.others:
        return []
    if alone(parts):
        why = f"no {source} frames in this dataset" if source else "none is made for it"
        raise InputError(
            f"'training.translated_share' is 1, so {task.domain} is trained on translated "
            f"frames alone, and there are none: {why}"
        )
    if not source:
        return []
    mark = mark_of(parts.translate)
    name = mark.name if mark else parts.translate.title
    return [f"no {source} frames in this dataset: trained without them (translate={name})"]


def key(parts: Parts, task: FoldTask, common: dict[str, Any]) -> dict[str, Any]:
    """What the random numbers of the fold's translator depend on, beside what is ``common``."""
    (source,) = task.others.values()
    return {**common, "translation": translator_payload(parts), "source": source.fingerprint}


def refused(translator: Translator, task: FoldTask) -> Iterator[str]:
    """Why the translator cannot be trained on the frames of this fold, a sentence each."""
    for source in task.others.values():
        yield from getattr(translator, "refuses", lambda *_: ())(source.frames, task.train)


def fitted(translator: Translator, task: FoldTask, drawn: dict[str, Any]) -> Path:
    """Where the translator of this fold is, trained on its training surgeries only."""
    (source,) = task.others.values()
    key = drawn | {"code": code_of("translator", [translator])}

    def build(directory: Path) -> None:
        began, peak, going_on = time.process_time(), Peak(), {}
        if getattr(translator, "resumes", False):
            from adaptor_bench.train.savepoints import Savepoint

            savepoint = Savepoint(task.store.savepoint("translator", key), task.device)
            going_on["savepoint"] = savepoint
        with task.progress.bar(translator.title) as bar:
            translator.fit(
                source.frames,
                task.train,
                directory,
                seed=seed_of(drawn),
                device=task.device,
                bar=bar,
                **going_on,
            )
        spent = savepoint.cpu_seconds if going_on else time.process_time() - began
        write_json(directory / OF_TRANSLATOR, cost(spent, peak))

    return task.store.get("translator", key, build)


def samples(translator: Translator, task: FoldTask, fitted: Path) -> list[Sample]:
    """All frames of the other domain in this one's looks, as samples; labels unchanged."""
    from adaptor_bench.train.samples import Sample, sample_of

    (source,) = task.others.values()
    given = [sample_of(f) for f in source.frames]

    def build(directory: Path) -> None:
        began, peak = time.process_time(), Peak()
        with task.progress.bar("translating") as bar:
            keys = [f.frame.key for f in source.frames]
            images = translated(
                translator, ImagesOf(given), keys, task.domain, fitted, task.device, bar
            )
            for place, image in enumerate(images):
                write_image(directory / f"{place:06}.png", image, compression=1)
        write_json(directory / OF_PART, cost(time.process_time() - began, peak))

    kept = task.store.get("translated", {"translator": fitted.name}, build)
    paths = [kept / f"{place:06}.png" for place in range(len(given))]
    return [
        Sample(Picture(image_size(p), partial(read_image, p), task.pixels), s.points, s.stored)
        for p, s in zip(paths, given, strict=True)
    ]


def translated(
    translator: Translator,
    images: Images,
    keys: Sequence[str],
    domain: str,
    fitted: Path,
    device: str,
    bar: Bar,
) -> Iterable[Image]:
    """The images as if of ``domain``; a translator of videos is told their ``keys``. Raises
    InputError when ``fitted`` holds no translator into ``domain``."""
    told = {"keys": keys} if in_order(translator) else {}
    return translator.translate(images, domain, fitted, device=device, bar=bar, **told)


def in_order(translator: Translator) -> bool:
    """Whether it looks at the frame before each one."""
    return bool(getattr(translator, "in_order", False))


def costs(task: FoldTask, fitted: Path) -> dict[str, dict[str, Any]]:
    """What the translator and translating have cost, as :func:`cost` has it."""
    frames = task.store.find("translated", {"translator": fitted.name})
    return {
        "translator": read_json(fitted / OF_TRANSLATOR),
        "translating": read_json(frames / OF_PART),
    }


def cost(seconds: float, peak: Peak | None) -> dict[str, Any]:
    """CPU seconds and peak memory (MiB, None where not known), as kept with what they made."""
    return {"cpu_seconds": round(seconds, 1), "peak_memory": peak.mib if peak else None}
