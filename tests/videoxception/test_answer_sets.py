import math

import numpy as np
import pytest

from videoxception.answer import set_members
from videoxception.answer_sets import LEVELS, CoverageError, threshold_at

RNG = np.random.default_rng(0)
ROWS = RNG.dirichlet(np.full(16, 0.3), 200)
THRESHOLDS = np.sort(RNG.random(len(LEVELS)))[::-1].tolist()


def test_a_coverage_has_the_threshold_of_the_next_level() -> None:
    assert (LEVELS[0], LEVELS[450], LEVELS[-1]) == (0.5, 0.95, 0.999)
    assert threshold_at(THRESHOLDS, 0.95) == THRESHOLDS[450]
    assert threshold_at(THRESHOLDS, 0.9501) == THRESHOLDS[451]
    assert threshold_at(THRESHOLDS, 0.5) == THRESHOLDS[0]
    assert threshold_at(THRESHOLDS, 0.999) == THRESHOLDS[-1]


@pytest.mark.parametrize("coverage", [0.499, 0.9991, 0, 1, -0.95, 95, math.nan, math.inf])
def test_a_coverage_out_of_range_is_named(coverage: float) -> None:
    with pytest.raises(CoverageError, match=rf"from 0.5 to 0.999 \(usual: 0.95\), but got {coverage}"):
        threshold_at(THRESHOLDS, coverage)


@pytest.mark.parametrize("threshold", [1.0, 0.5, 0.01, 0.0])
def test_members_are_the_label_and_what_is_probable_enough(threshold: float) -> None:
    for row, inside in zip(ROWS, set_members(ROWS, threshold), strict=True):
        expected = {k for k in range(16) if row[k] >= threshold} | {int(row.argmax())}
        assert set(np.flatnonzero(inside)) == expected


def test_a_higher_coverage_never_takes_a_class_away() -> None:
    for low, high in ((0.7, 0.9), (0.9, 0.95), (0.95, 0.999)):
        fewer, more = (set_members(ROWS, threshold_at(THRESHOLDS, coverage)) for coverage in (low, high))
        assert (more >= fewer).all()
        assert more.sum() > fewer.sum()
