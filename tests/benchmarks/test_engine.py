import sys
from pathlib import Path
from typing import get_args

import pytest

from benchmarks.engine import flops
from benchmarks.engine.__main__ import served_precision
from benchmarks.engine.flops import operations
from benchmarks.engine.methods import METHODS
from benchmarks.engine.report import BASE, goals, ratio, split_table, table
from benchmarks.engine.runner import Missing, Runner
from benchmarks.engine.streams import Split
from videoxception.engine.base import Precision
from videoxception.store import ModelStore

TIMES = {
    ("ours f32", 1): [0.040, 0.040, 0.041],
    ("ours bf16", 1): [0.010, 0.040, 0.013],
    ("ours bf16", 8): [0.160, 0.160, 0.160],
    (BASE, 1): [0.010, 0.020, 0.010],
    (BASE, 8): [0.080, 0.080, 0.080],
}


def test_every_precision_of_the_engine_is_measured() -> None:
    assert [name for name in METHODS if name.startswith("ours ")] == [f"ours {p}" for p in get_args(Precision)]


def test_ratios_are_of_the_same_rounds() -> None:
    assert ratio(TIMES, "ours bf16", BASE, 1) == pytest.approx(1.3)
    assert ratio(TIMES, "ONNX Runtime f32", BASE, 1) is None
    assert served_precision(TIMES) == "bf16"


def test_tables_and_goals_tell_what_was_measured() -> None:
    shown = table(TIMES, {"ours f32": 0, "ours bf16": 0.02, BASE: 0.03}, operations=2e9, rate=1e12)
    assert "| ours bf16 | 8 | 20.0 | 2.00 | 10% | 0.0200 |" in shown
    found = goals("m@1", TIMES, (1, 8, 64))
    assert [goal.outcome for goal in found[:3]] == ["missed", "missed", "not measured"]
    assert [goal.outcome for goal in found[3:]] == ["not measured"] * 3
    faster = {**TIMES, ("ours int8", 1): [seconds / 1.5 for seconds in TIMES[BASE, 1]]}
    assert [goal.outcome for goal in goals("m@1", faster, (1,))][1:] == ["met"]
    assert "| 2 | 1 | 60.0 | 33.3 |" in split_table([Split(2, 1, 60, 33.3)])


def test_a_method_runs_apart_and_says_how_far_its_answers_are_off(tmp_path: Path) -> None:
    release = ModelStore().load("videoxception-a")
    with Runner(sys.executable, "ours f32", release, tmp_path) as runner:
        assert runner.first() < 1e-3
        assert runner.run(2) > 0
    with (
        Runner(sys.executable, "OpenVINO plain f32", release, tmp_path) as runner,
        pytest.raises(Missing, match="Could not open"),
    ):
        runner.first()


def test_what_a_network_multiplies_is_counted() -> None:
    assert 4e9 < operations(ModelStore().load("videoxception-a")) < 4.6e9  # 2.1 G multiplications, as many additions


def test_the_rate_is_operations_over_the_median_of_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 2.0, 10.0, 11.0, 20.0, 24.0])
    monkeypatch.setattr(flops, "_SIDE", 8)
    assert flops.bf16_rate(3, lambda: next(clock)) == 2 * 8**3 / 2
