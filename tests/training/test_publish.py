"""What a person reads when a model was released."""

from dataclasses import replace
from pathlib import Path

from training.publish import announcement
from videoxception.store import ModelStore, Release

SHIPPED = ModelStore().load("videoxception-c")


def with_top1_from(low: float) -> Release:
    metrics = SHIPPED.manifest.metrics
    assert metrics is not None
    intervals = metrics.intervals | {"top1": (low, 0.5)}
    changed = SHIPPED.manifest.model_copy(update={"metrics": metrics.model_copy(update={"intervals": intervals})})
    return replace(SHIPPED, manifest=changed)


def test_a_model_that_may_be_no_better_than_chance_is_released_with_a_warning() -> None:
    said = announcement(with_top1_from(0.06), Path("store"))
    assert "warning: not shown to be better than chance, 6.2%: top-1 is from 6.0% to 50.0% (95 %)" in said
    assert "released videoxception-c@" in said


def test_one_that_is_better_is_not_doubted() -> None:
    assert "warning" not in announcement(with_top1_from(0.07), Path("store"))
