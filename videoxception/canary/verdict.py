"""An interval against a limit: the bound decides, never the estimate alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from videoxception.canary.intervals import Estimate

Verdict = Literal["promote", "roll back", "undecided"]

_MOST_NEEDED = 1_000_000  # more are not worth being waited for


@dataclass(frozen=True, slots=True)
class Finding:
    """What one figure says, in a sentence; a figure that is told, but decides nothing, has no verdict."""

    figure: str
    verdict: Verdict | None
    reason: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as people read it: its name, what to multiply it by, its unit, digits, and whether with a sign."""

    name: str
    by: float = 1.0
    unit: str = ""
    digits: int = 1
    signed: bool = False

    def show(self, value: float) -> str:
        """Return a value without its unit."""
        return f"{self.by * value:{'+' if self.signed else ''}.{self.digits}f}"

    def tell(self, found: Estimate) -> str:
        """Return name, value and interval."""
        return f"{self.name}: {self.show(found.value)}{self.unit} ({self.show(found.low)} to {self.show(found.high)})"


def judge(figure: Figure, found: Estimate, limit: float, pairs: int, *, at_least: bool) -> Finding:
    """Judge a figure that must be at least, or at most, a limit: by the bound of its interval that is worst for it."""
    sign = 1 if at_least else -1
    worst, best = (found.low, found.high) if at_least else (found.high, found.low)
    told, asked = figure.tell(found), f"{figure.show(limit)}{figure.unit}"
    side, wrong = ("at least", "below") if at_least else ("at most", "over")
    if sign * (worst - limit) >= 0:
        return Finding(figure.name, "promote", f"{told}, so it is {side} {asked}")
    if sign * (best - limit) < 0:
        return Finding(figure.name, "roll back", f"{told}, so it is {wrong} {asked}")
    more = _needed(found, limit, pairs)
    return Finding(figure.name, "undecided", f"{told}, which leaves open whether it is {side} {asked}; {more}")


def overall(findings: Sequence[Finding]) -> Verdict:
    """Return what all findings come to: one that is bad is enough to roll back, and to promote, all must be good."""
    verdicts = {finding.verdict for finding in findings}
    if "roll back" in verdicts:
        return "roll back"
    return "undecided" if "undecided" in verdicts or "promote" not in verdicts else "promote"


def _needed(found: Estimate, limit: float, pairs: int) -> str:
    """Say how many pairs would tell, if the estimate stays: intervals shrink with the square root of their number."""
    gap = abs(found.value - limit)
    half = max(found.value - found.low, found.high - found.value)
    if gap == 0 or pairs * (half / gap) ** 2 > _MOST_NEEDED:
        return "it is so near that more pairs would hardly tell"
    return f"more pairs are needed: about {_rounded_up(pairs * (half / gap) ** 2):,} in all"


def _rounded_up(value: float) -> int:
    """Round up to two digits."""
    step = int(10 ** max(0, math.floor(math.log10(value)) - 1))
    return math.ceil(value / step) * step
