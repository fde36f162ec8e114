"""Unlabelled pairs judged. Without labels nobody knows who is right, so confidence is told, but decides nothing."""

from collections.abc import Iterator, Sequence

import numpy as np

from videoxception.canary.intervals import Floats, resampled, share, share_difference
from videoxception.canary.limits import Limits
from videoxception.canary.pairs import Pair
from videoxception.canary.verdict import Figure, Finding, judge

LEAST_PAIRS = 30
"""Fewer are no sample to resample."""
LEAST_FOR_P99 = 500
"""Fewer have less than five values beyond their 99th percentile."""

_AGREEMENT = Figure("agreement", 100, " %")
_KNOWN = Figure("change of the share that is known", 100, " points", signed=True)
_CONFIDENCE = Figure("change of mean confidence", digits=3, signed=True)
_MEDIAN = Figure("median time of the engine, new over old", digits=2)
_P99 = Figure("99th percentile of that time, new over old", digits=2)


def judge_pairs(pairs: Sequence[Pair], limits: Limits, *, labelled: bool = False) -> list[Finding]:
    """Judge all figures of pairs of two models. Agreement decides nothing if a labelled set does (`labelled`)."""
    return [_agreement(pairs, limits, labelled), _known(pairs, limits), *_measured(pairs, limits)]


def _agreement(pairs: Sequence[Pair], limits: Limits, labelled: bool) -> Finding:
    found = share(sum(pair.agree for pair in pairs), len(pairs))
    if labelled:
        return Finding(_AGREEMENT.name, None, _AGREEMENT.tell(found))
    finding = judge(_AGREEMENT, found, limits.agreement, len(pairs), at_least=True)
    if finding.verdict != "roll back":
        return finding
    hint = "; which of the two errs, labels alone can tell (--data)"
    return Finding(finding.figure, finding.verdict, finding.reason + hint)


def _known(pairs: Sequence[Pair], limits: Limits) -> Finding:
    counts = [
        sum((pair.default.known, pair.canary.known) == kind for pair in pairs)
        for kind in ((True, True), (True, False), (False, True), (False, False))
    ]
    return judge(_KNOWN, share_difference(*counts), -limits.known_drop, len(pairs), at_least=True)


def _measured(pairs: Sequence[Pair], limits: Limits) -> Iterator[Finding]:
    """Yield what is found by resampling pairs."""
    if len(pairs) < LEAST_PAIRS:
        yield _too_few(_MEDIAN, LEAST_PAIRS, len(pairs))
        return
    (confidence,) = resampled(_mean_change, *_columns(pairs, "confidence"))
    yield Finding(_CONFIDENCE.name, None, f"{_CONFIDENCE.tell(confidence)}; without labels it decides nothing")
    median, p99 = resampled(_ratios, *_columns(pairs, "ms"))
    yield judge(_MEDIAN, median, limits.slowdown, len(pairs), at_least=False)
    if len(pairs) < LEAST_FOR_P99:
        yield _too_few(_P99, LEAST_FOR_P99, len(pairs))
    else:
        yield judge(_P99, p99, limits.slowdown, len(pairs), at_least=False)


def _too_few(figure: Figure, least: int, there: int) -> Finding:
    return Finding(figure.name, "undecided", f"{figure.name}: needs {least} pairs at least, and there are {there}")


def _columns(pairs: Sequence[Pair], name: str) -> tuple[Floats, Floats]:
    rows = [(getattr(pair.default, name), getattr(pair.canary, name)) for pair in pairs]
    first, second = np.asarray(rows, np.float64).T
    return first, second


def _mean_change(first: Floats, second: Floats) -> Floats:
    return np.asarray([(second - first).mean()])


def _ratios(first: Floats, second: Floats) -> Floats:
    """Return the second's median over the first's, and the same of the 99th percentile."""
    return np.asarray(np.quantile(second, [0.5, 0.99]) / np.quantile(first, [0.5, 0.99]))
