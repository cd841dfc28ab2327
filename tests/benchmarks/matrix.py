"""Print the table of docs/scale.md: ``python tests/benchmarks/matrix.py [--device cuda]``.

What every method of profile `paper` takes on the folds of adaptor2021-v1: one step of each network
and of the CycleGAN is measured here, and the steps, networks and files of all cells are counted.
On the CPU steps are measured in CPU seconds of one thread, on one image and on windows of a
sixteenth of the CycleGAN's area, and multiplied; on a GPU they are taken as they are.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from tabulate import tabulate

from adaptor_bench.data.folds import inner_split, load_manifest
from adaptor_bench.harness.provenance import versions
from adaptor_bench.registry import discover
from adaptor_bench.train.detector import Detector
from adaptor_bench.train.device import computing, has_bfloat16, resolve_device
from adaptor_bench.train.fit import fit_network
from adaptor_bench.train.samples import Sample

SIZE = 512, 288
DOMAINS = load_manifest()["domains"]
MAP, PREDICTION = 2 * SIZE[0] * SIZE[1], 4096  # bytes a frame: 16 bit a pixel; a file on most disks


class Clock:
    """Hears of every step, in the place of what would keep a savepoint."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.times: list[float] = []

    def resumed(self, run):
        return run(None)

    def goes_on(self, done, total):
        pass

    def offer(self, state):
        if self.device.startswith("cuda"):
            torch.cuda.synchronize()
            self.times.append(time.perf_counter())
        else:
            self.times.append(time.process_time())

    @property
    def step(self) -> float:
        """Seconds of a step, the first one left out."""
        return (self.times[-1] - self.times[0]) / (len(self.times) - 1)


@dataclass(frozen=True)
class Work:
    """One thing to be trained, once for all cells that need it."""

    key: tuple
    part: str
    steps: int
    weights: int


def images(count):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8) for _ in range(count)]


def step_of_network(method, device, steps):
    settings = replace(method.training, steps=steps, choose="last", retry=False)
    scale = 1
    if not device.startswith("cuda"):
        scale, settings = settings.batch, replace(settings, batch=1)
    method.training = settings
    points = np.array([[100.0, 100.0], [300.0, 200.0]])
    samples = [Sample(image, points) for image in images(4)]
    clock = Clock(device)
    fit_network(method, samples, (), seed=0, device=device, bar=lambda *_: None, savepoint=clock)
    return scale * clock.step


def step_of_translator(settings, device, steps):
    from adaptor_bench.stages.translators._cyclegan import fit_translator

    scale, settings = 1, replace(settings, steps=steps)
    if not device.startswith("cuda"):
        scale, settings = 16, replace(settings, crop=tuple(side // 4 for side in settings.crop))
    clock = Clock(device)
    fit_translator(
        settings, images(2), images(2), seed=0, device=device, bar=lambda *_: None, savepoint=clock
    )
    return scale * clock.step


def parameters(module):
    return 4 * sum(p.numel() for p in module.state_dict().values())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    device = resolve_device(parser.parse_args().device)
    steps = 20 if device.startswith("cuda") else 2
    seconds: dict[str, float] = {}
    sizes: dict[str, int] = {}
    works: dict[tuple, Work] = {}
    rows, storage, cells = [], 0, 0
    methods = discover().methods
    with computing(device) as threads:
        for name, spec in methods.items():
            settings = spec.resolve("paper", {})
            method = spec.build(settings)
            folds = [(d, k, f) for d in DOMAINS for k, f in enumerate(DOMAINS[d]["folds"], 1)]
            cells += len(folds)
            storage += PREDICTION * sum(DOMAINS[d]["frames"][s] for d, _, f in folds for s in f)
            if not isinstance(method, Detector):
                rows.append([name, len(folds), None, None, None])
                continue
            network = f"{settings['network']}, batch {method.training.batch}"
            if network not in seconds:
                sizes[network] = parameters(method.network.build(method.target.channels))
                seconds[network] = step_of_network(spec.build(settings), device, steps)
            new, hours = [], dict.fromkeys(DOMAINS, 0.0)
            for domain, number, validation in folds:
                frames = DOMAINS[domain]["frames"]
                train = tuple(s for s in frames if s not in validation)
                if method.holds_back:
                    held = inner_split(frames, train)
                    train = tuple(s for s in train if s not in held)
                used = {k: v for k, v in settings.items() if not k.startswith("decode")}
                source = method.translate.source_for(domain)
                other = sum(DOMAINS[source]["frames"].values()) if source else 0
                if not other:
                    used = {k: v for k, v in used.items() if not k.startswith("translate")}
                count = sum(frames[s] for s in train)
                todo = [(network, method.training.steps_for(count, other), sizes[network], used)]
                if other and hasattr(method.translate, "epochs"):
                    gan = method.translate
                    part = f"CycleGAN, batch {gan.batch}"
                    if part not in seconds:
                        from adaptor_bench.stages.translators._gan import build_generator

                        sizes[part] = 2 * parameters(build_generator(gan))
                        seconds[part] = step_of_translator(gan, device, steps)
                    own = {k: v for k, v in settings.items() if k.startswith("translate")}
                    games = gan.epochs * -(-max(other, count) // gan.batch)
                    todo.append((part, gan.steps or games, sizes[part], own))
                for part, number_of_steps, weights, what in reversed(todo):  # the network last
                    key = (part, domain, number, str(sorted(what.items(), key=str)))
                    hours[domain] += number_of_steps * seconds[part] / 3600
                    if key not in works:
                        works[key] = Work(key, part, number_of_steps, weights)
                        new.append(works[key])
                        storage += weights
                storage += sizes[network]  # a cell has its network, and so have the artefacts
                if new and new[-1].part == network and new[-1].key[1:3] == (domain, number):
                    storage += MAP * sum(frames[s] for s in validation)
            alone = [hours[d] / len(DOMAINS[d]["folds"]) for d in DOMAINS]
            added = sum(w.steps * seconds[w.part] for w in new) / 3600
            rows.append([name, len(folds), *alone, added])
    number = "bfloat16" if has_bfloat16(device) else "float32"
    what = torch.cuda.get_device_name() if device.startswith("cuda") else versions()["machine"]
    print(f"{device}: {what}, threads {threads}, {number}, torch {torch.__version__}\n")  # noqa: T201
    show(
        [[p, f"{s:.3g}", f"{sizes[p] / 1e6:.0f}"] for p, s in seconds.items()],
        ["step of", "seconds", "weights, MB"],
    )
    show(
        [[f"`{n}`", c, *("-" if v is None else f"{v:,.1f}" for v in r)] for n, c, *r in rows],
        ["method", "cells", *(f"hours a cell, {d}" for d in DOMAINS), "hours it adds"],
    )
    total = sum(w.steps * seconds[w.part] for w in works.values()) / 3600
    print(  # noqa: T201
        f"{cells} cells of {len(methods)} methods, {len(works)} trainings: {total:,.0f} hours, "
        f"{total / 8:,.0f} on eight such devices; {storage / 1e9:.1f} GB."
    )


def show(rows, heads):
    print(tabulate(rows, heads, "pipe", disable_numparse=True), "\n")  # noqa: T201


if __name__ == "__main__":
    main()
