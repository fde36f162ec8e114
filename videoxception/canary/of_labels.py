"""A labelled set judged, by what `videoxception compare --json` says: paired by source videos."""

import json
import math
from dataclasses import dataclass

from videoxception.canary.intervals import Estimate
from videoxception.canary.limits import Limits
from videoxception.canary.pairs import CanaryError
from videoxception.canary.verdict import Figure, Finding

_TOP1 = Figure("change of top-1 on the labelled set", 100, " points", signed=True)
_SURE = 0.05


@dataclass(frozen=True, slots=True)
class Labelled:
    """How much more often the second model is right, how likely chance alone makes as much, and on how much."""

    top1: Estimate
    p: float
    items: int
    videos: int


def labelled_of(text: str) -> Labelled:
    """Read what `videoxception compare --json` printed. Raises `CanaryError` if it is not that."""
    try:
        said = json.loads(text)
        found = said["figures"]["top1"]
        top1 = Estimate(found["mean"], *found["interval"])
        return Labelled(top1, found["p_videos"], said["items"], said["videos"])
    except (ValueError, KeyError, TypeError) as error:
        raise CanaryError(f"`videoxception compare --json` did not answer as expected: {text[:80]!r}") from error


def judge_labelled(found: Labelled, limits: Limits) -> Finding:
    """Judge a paired test: shown to be right less often is bad, and shown to lose no more than the limit is good.

    What G source videos do not show at all may still be so of 3 in G: with fewer than three for each of what the limit
    stands for, an interval without width is no proof.
    """
    told = f"{_TOP1.tell(found.top1)}, p {found.p:.4f}, {found.items} items of {found.videos} source videos"
    least, margin = math.ceil(3 / limits.top1_drop), f"{100 * limits.top1_drop:.1f} points"
    if found.top1.high < 0 and found.p < _SURE and found.top1.low < -limits.top1_drop:
        return Finding(_TOP1.name, "roll back", f"{told}: the new version is right less often")
    if found.videos < least:
        reason = f"{told}: {least} source videos at least are needed to exclude a loss of {margin}"
        return Finding(_TOP1.name, "undecided", reason)
    if found.top1.low >= -limits.top1_drop:
        return Finding(_TOP1.name, "promote", f"{told}: it loses no more than {margin}")
    return Finding(_TOP1.name, "undecided", f"{told}: it may lose more than {margin}; label more videos")
