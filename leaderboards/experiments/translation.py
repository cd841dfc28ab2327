"""CycleGAN against none, histogram matching, colour statistics and Fourier domain adaptation.

A domain gap of 0, 0.5 and 1 is drawn with the same surgeries, and detectors are scored on intraop:

- *alone*: trained on translated sim frames only, on no label of intraop. What a translator is worth
  where nobody labels. The anchors: sim frames as they are, and training on intraop itself.
- *on top*: trained on intraop and as many translated samples more, which is the paper's use
  ("to obtain more real data"). Every arm sees the same number of real samples.

The detector is ``unet_peaks``, since a translation can only be told from its absence by a detector
that has learnt what its frames hold, and it has no part that is at odds with any. Its strong colour
augmentation hides colours already; ``--method unet_peaks/weak_colours`` does not.

Run, and rerun to resume or to add folds and gaps, whose rows join those written before:

    python leaderboards/experiments/translation.py --generator-seed 0 --fold 1 --fold 2
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import cells
from cells import Arm, Row, Where

from adaptor_bench.phantom import PhantomOptions, write_phantom
from adaptor_bench.registry import discover

COLOURS = {
    "unchanged": "#8c8c8c",
    "histogram": "#e69f00",
    "colour_statistics": "#009e73",
    "fourier": "#56b4e9",
    "cyclegan": "#d55e00",
}
TRANSLATORS = tuple(COLOURS)
ON_TOP = ("unchanged", "histogram", "cyclegan")  # the others cost as much and answer less
SIM, INTRAOP = "alone_unchanged", "intraop"  # the anchors


def arms(method: str) -> list[Arm]:
    """The anchors, translated frames alone, and translated frames on top of real ones."""
    made = [Arm(INTRAOP, method, {"translate": "none"})]
    for share, kind, names in ((1.0, "alone", TRANSLATORS), (0.5, "on_top", ON_TOP)):
        for name in names:
            changes = {**_settings(name), "training.translated_share": share}
            made.append(Arm(f"{kind}_{name}", method, changes))
    return made


def _settings(name: str) -> dict[str, Any]:
    """The translator as the profile ``quick`` of the paper's method has it."""
    if name != "cyclegan":
        return {"translate": name}
    quick = discover().get("improved_heatmap").resolve("quick")
    return {k: v for k, v in quick.items() if k.partition(".")[0] == "translate"}


def drawn(gap: float, seed: int, profile: str, folder: Path) -> Path:
    """The phantom with this gap, drawn where it is not there yet."""
    place = folder / f"seed{seed}_gap{gap:g}"
    if not place.exists():
        write_phantom(place, profile, seed, options=PhantomOptions(gap=gap))
    return place


def run(
    gaps: Sequence[float], seed: int, profile: str, method: str, place: Where
) -> list[tuple[float, Row]]:
    """The rows of all arms at every gap."""
    rows = []
    for gap in gaps:
        data = drawn(gap, seed, profile, place.runs / "data")
        here = replace(place, data=str(data), runs=place.runs / data.name)
        rows += [(gap, row) for row in cells.run(arms(method), here)]
    return rows


Key = tuple[float, str, str, int, int]


def read(path: Path) -> dict[Key, Row]:
    """What was written before: the rows by gap, arm, dataset, fold and seed."""
    if not path.is_file():
        return {}
    kinds = {"str": str, "int": int, "float": float}
    found = {}
    with path.open(encoding="utf-8") as stream:
        for line in csv.DictReader(stream):
            row = Row(**{f.name: kinds[str(f.type)](line[f.name]) for f in fields(Row)})
            found[float(line["gap"]), row.arm, row.dataset, row.fold, row.seed] = row
    return found


def table(rows: Sequence[tuple[float, Row]]) -> str:
    """F1 of every arm by gap, and its difference to the anchor that it has to beat."""
    gaps = list(dict.fromkeys(gap for gap, _ in rows))
    names = list(dict.fromkeys(row.arm for _, row in rows))
    lines = []
    for name in names:
        line = [name.replace("_", " ", name.startswith("on_top") + 1)]
        for gap in gaps:
            here = [row for at, row in rows if at == gap]
            line.append(cells.shown(cells.mean(cells.of(here, arm=name))))
            anchor = against(name)
            found = cells.difference(cells.of(here, arm=name), cells.of(here, arm=anchor))
            line.append("" if anchor == name else cells.shown(found, sign=True))
        lines.append(line)
    head = ["trained on"]
    for gap in gaps:
        head += [f"F1 at gap {gap:g}", "gain"]
    note = "Gain: over sim frames unchanged (alone), or over intraop frames only (on top)."
    return f"{cells.markdown(head, lines)}\n{note} 95 % intervals, not corrected for each other.\n"


def against(name: str) -> str:
    """The arm that another one has to beat."""
    return SIM if name.startswith("alone") else INTRAOP


def figure(rows: Sequence[tuple[float, Row]], path: Path) -> None:
    """F1 of every arm against the gap."""
    from matplotlib.figure import Figure

    gaps = sorted({gap for gap, _ in rows})
    made = Figure((6.8, 2.9), layout="constrained")
    panels = made.subplots(1, 2, sharey=True)
    kinds = {"alone": "translated frames alone", "on_top": "on top of intraop frames"}
    for axes, (kind, title) in zip(panels, kinds.items(), strict=True):
        for arm in dict.fromkeys(row.arm for _, row in rows):
            name = arm.removeprefix(f"{kind}_")
            if arm != INTRAOP and name == arm:
                continue
            means = [
                cells.mean([row for at, row in rows if at == gap and row.arm == arm]).estimate
                for gap in gaps
            ]
            label, line = name.replace("_", " "), "-" if name in COLOURS else "--"
            axes.plot(gaps, means, f"o{line}", label=label, color=COLOURS.get(name, "black"))
        axes.set_xlabel("gap between the domains")
        axes.set_title(title)
    panels[0].set_ylabel("F1 on intraop (%)")
    panels[0].legend(fontsize=7, frameon=False)
    made.savefig(path)


def main() -> None:
    """Run, print and write."""
    parser = cells.parser(__doc__ or "", "translation", without=("data", "domain"))
    parser.add_argument("--method", default="unet_peaks")
    parser.add_argument("--gap", type=float, action="append", default=[], help="default 0, 0.5, 1")
    parser.add_argument("--generator-seed", type=int, default=0, help="of the phantom")
    parser.add_argument("--frames", default="mini", help="profile of the phantom")
    given = parser.parse_args()
    place = cells.where(given, domain="intraop")
    gaps = given.gap or [0.0, 0.5, 1.0]
    known = read(given.out / "translation.csv")
    known |= {
        (gap, r.arm, r.dataset, r.fold, r.seed): r
        for gap, r in run(gaps, given.generator_seed, given.frames, given.method, place)
    }
    rows = sorted(((key[0], row) for key, row in known.items()), key=lambda one: one[0])
    text = table(rows)
    cells.write(given.out, "translation", [{"gap": g, **asdict(row)} for g, row in rows], text)
    figure(rows, given.out / "translation.svg")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
