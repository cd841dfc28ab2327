"""What is asked of the phantom, and the table of what was found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from adaptor_bench.report.table import Column, Table

NOTES = (
    "Spacing and colours are those of the nine example frames that the challenge published, read "
    "by eye and widened, as they are so few.",
    "Floors are trained and scored by fold; perfect maps are drawn from the labels and decoded, on "
    "8 frames of every surgery. F1 in %, one to one within 6 px.",
    "Several values, of drawings, folds or surgeries: mean (lowest to highest), or lowest to "
    "highest where each of them has to lie in the target.",
)


@dataclass(frozen=True)
class Aim:
    """What is asked of a check: values from ``low`` to ``high``; without either it is only shown.

    ``each``: every value has to lie there, not only their mean. ``unit`` follows the numbers.
    """

    title: str
    low: float = -math.inf
    high: float = math.inf
    each: bool = False
    digits: int = 1
    unit: str = ""

    @property
    def target(self) -> str:
        """In words; empty when it is only shown."""
        if math.isinf(self.low) and math.isinf(self.high):
            return ""
        if math.isinf(self.low):
            return f"at most {self.high:g}{self.unit}"
        if math.isinf(self.high):
            return f"at least {self.low:g}{self.unit}"
        return f"{self.low:g} to {self.high:g}{self.unit}"

    def met(self, values: Sequence[float]) -> bool:
        """Whether the values are what is asked."""
        asked = values if self.each else [sum(values) / len(values)]
        return all(self.low <= value <= self.high for value in asked)

    def show(self, values: Sequence[float]) -> str:
        """The values in words."""
        low, high, mean = (
            f"{value:.{self.digits}f}"
            for value in (min(values), max(values), sum(values) / len(values))
        )
        if len(values) == 1:
            return mean + self.unit
        if self.each:
            return f"{low} to {high}{self.unit}"
        return f"{mean} ({low} to {high}){self.unit}"


# By check; a domain that has an aim of its own follows in the key. Order is that of the table.
AIMS: dict[str, Aim] = {
    "colour": Aim("F1 of colour and contrast", high=25),
    "template": Aim("F1 of one grey patch", high=25),
    "template_other": Aim("F1 of one grey patch of the other domain", high=25),
    # Of 31 neighbouring pairs of landmarks in the example frames about half are nearer than 12 px,
    # a third nearer than 9, a few 5 to 6.
    "spacing": Aim("distance to the nearest label, median", 8, 14, unit=" px"),
    "within_12": Aim("labels with another nearer than 12 px", 35, 65, unit=" %"),
    "within_9": Aim("labels with another nearer than 9 px", 20, 45, unit=" %"),
    "within_6": Aim("labels with another nearer than 6 px", 1, 15, unit=" %"),
    "dark": Aim("labels on a dark centre", high=75, unit=" %"),
    "depth": Aim("depth of a label's centre, median", high=40, unit=" grey levels"),
    "dark_anywhere": Aim("random places on a dark centre", unit=" %"),
    # The example frames have L* 39 to 63, a* -1 to 2, b* -7 to -4 (6 of sim) and L* 49 to 63,
    # a* 6 to 18, b* 4 to 15 (3 of intraop); widened by 4, L* by 10.
    "light": Aim("mean L* of a surgery", 29, 73, each=True),
    "red sim": Aim("mean a* of a surgery", -5, 6, each=True),
    "red intraop": Aim("mean a* of a surgery", 2, 22, each=True),
    "yellow sim": Aim("mean b* of a surgery", -11, 0, each=True),
    "yellow intraop": Aim("mean b* of a surgery", 0, 19, each=True),
    # A good detector must be neither perfect nor lost, and what it learns on sim must not do for
    # intraop, unless that looks alike.
    "in_domain sim": Aim("F1 of unet_peaks, trained in its domain", 72, 88),
    "in_domain intraop": Aim("F1 of unet_peaks, trained in its domain", 57, 73),
    "away_gap1": Aim("F1 of unet_peaks, trained on sim"),
    "share_gap1": Aim("that, as a share of trained on intraop", high=50, unit=" %"),
    "away_gap0": Aim("F1 of unet_peaks, trained on sim, no gap"),
    "share_gap0": Aim("that, as a share of sim on sim", low=85, unit=" %"),
    "speed": Aim("frames drawn in a second of CPU time", low=100, digits=0),
    "peaks": Aim("F1 of perfect maps, sigma 2.5 px, peaks", low=97),
}


@dataclass
class Findings:
    """Values by check and domain, one or several a drawing; what has no aim is only shown."""

    values: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, check: str, domain: str, *values: float) -> None:
        """Note what was measured; ``check`` is a key of AIMS, or says what is shown."""
        self.values.setdefault((check, domain), []).extend(map(float, values))

    @property
    def rows(self) -> Iterator[dict[str, Any]]:
        """What a table shows, by check; numbers behind it are mean, lowest, highest and n."""
        order = list(dict.fromkeys([*(key.partition(" ")[0] for key in AIMS), *self._checks()]))
        for (check, domain), values in sorted(
            self.values.items(), key=lambda item: order.index(item[0][0])
        ):
            aim = AIMS.get(f"{check} {domain}") or AIMS.get(check) or Aim(check)
            yield {
                "check": aim.title,
                "domain": domain or None,
                "target": aim.target or None,
                "measured": aim.show(values),
                "met": ("yes" if aim.met(values) else "no") if aim.target else None,
                "mean": round(sum(values) / len(values), 4),
                "lowest": round(min(values), 4),
                "highest": round(max(values), 4),
                "n": len(values),
            }

    def _checks(self) -> Iterator[str]:
        return (check for check, _ in self.values)

    def table(self, title: str) -> Table:
        """All checks; the numbers behind ``measured`` are in JSON."""
        shown = ("check", "domain", "target", "measured", "met")
        behind = ("mean", "lowest", "highest", "n")
        columns = [Column(key, key.capitalize(), data=key in behind) for key in (*shown, *behind)]
        return Table(title, tuple(columns), list(self.rows), NOTES)
