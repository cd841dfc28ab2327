"""What was measured of translators (translators.py): read again, as a table, and drawn."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import cells

TARGET, KEPT, COMB = 80.0, 90.0, 1.0


@dataclass(frozen=True)
class Line:
    """What was measured of one translator; shares in percent, costs in CPU seconds."""

    translator: str
    dataset: str
    fold: int
    seed: int
    budget: float
    settings: str
    fit_seconds: float
    frame_seconds: float
    target: float
    target_real_sim: float
    target_real_intraop: float
    colourless: float
    colourless_real_sim: float
    colourless_real_intraop: float
    kept: float
    hits: int
    moved_px: float
    comb: float
    comb_real: float
    cycle: float
    cycle_back: float
    identity: float
    identity_back: float
    colours: float
    colours_floor: float
    colours_back: float
    colours_back_floor: float
    textures: float
    textures_floor: float
    textures_back: float
    textures_back_floor: float

    @property
    def accepted(self) -> bool:
        """Whether it does what is asked for."""
        return self.target >= TARGET and self.kept >= KEPT and self.comb <= self.comb_real + COMB


def read(path: Path) -> list[Line]:
    """What was measured before."""
    if not path.is_file():
        return []
    kinds = {"str": str, "int": int, "float": float}
    with path.open(encoding="utf-8") as stream:
        return [
            Line(**{f.name: kinds[str(f.type)](row[f.name]) for f in fields(Line)})
            for row in csv.DictReader(stream)
        ]


def table(lines: Sequence[Line]) -> str:
    """All lines, the accepted ones marked."""
    head = [
        "translator",
        "data",
        "fold",
        "seed",
        "budget",
        "settings",
        "CPU s",
        "target %",
        "real sim / intraop",
    ]
    head += ["without colour %", "real sim / intraop", "kept %", "hits", "moved px", "comb dB"]
    head += ["comb of real frames", "accepted", "cycle / back", "identity / back"]
    head += ["colours (floor)", "colours back (floor)", "textures (floor)", "textures back (floor)"]
    rows = [
        [
            f"`{x.translator}`", x.dataset, str(x.fold), str(x.seed), f"{x.budget:g}",
            x.settings,
            f"{x.fit_seconds:.0f}",
            f"{x.target:.0f}", f"{x.target_real_sim:.0f} / {x.target_real_intraop:.0f}",
            f"{x.colourless:.0f}", f"{x.colourless_real_sim:.0f} / {x.colourless_real_intraop:.0f}",
            f"{x.kept:.1f}", str(x.hits), f"{x.moved_px:.1f}",
            f"{x.comb:.2f}", f"{x.comb_real:.2f}", "yes" if x.accepted else "no",
            f"{x.cycle:.1f} / {x.cycle_back:.1f}", f"{x.identity:.1f} / {x.identity_back:.1f}",
            f"{x.colours:.2f} ({x.colours_floor:.2f})",
            f"{x.colours_back:.2f} ({x.colours_back_floor:.2f})",
            f"{x.textures:.2f} ({x.textures_floor:.2f})",
            f"{x.textures_back:.2f} ({x.textures_back_floor:.2f})",
        ]
        for x in lines
    ]  # fmt: skip
    return cells.markdown(head, rows)


def figure(lines: Sequence[Line], path: Path) -> None:
    """Acceptance of the CycleGAN against the CPU seconds of its training; a line a run."""
    from matplotlib.figure import Figure

    own = [x for x in lines if x.translator == "cyclegan" and not x.settings]
    drawn = Figure((6.4, 2.6), layout="constrained")
    for axes, (name, title, least) in zip(
        drawn.subplots(1, 2),
        (("target", "taken for intraop (%)", TARGET), ("kept", "landmarks kept (%)", KEPT)),
        strict=True,
    ):
        runs = {(x.dataset, x.fold, x.seed): [] for x in own}
        for x in own:
            runs[x.dataset, x.fold, x.seed].append(x)
        for run in runs.values():
            run.sort(key=lambda x: x.budget)
            seconds = [x.fit_seconds for x in run]
            axes.plot(seconds, [getattr(x, name) for x in run], "o-", color="#0072b2")
            if name == "target":
                without = [x.colourless for x in run]
                axes.plot(seconds, without, "s--", color="#d55e00")
        axes.axhline(least, color="#8c8c8c", linewidth=0.8)
        axes.set_xscale("log", base=2)
        axes.set_xlabel("CPU seconds of the training")
        axes.set_ylabel(title)
        axes.set_ylim(0, 103)
    drawn.savefig(path)
