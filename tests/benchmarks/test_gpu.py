"""The GPU benchmark's own logic, on a CPU with tiny settings: no figure here means anything."""

import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import torch

from benchmarks.gpu import __main__ as command
from benchmarks.gpu import card, decoding, parity, profile, serving, training
from benchmarks.gpu.networks import SHAPE, fused_net, served_net
from benchmarks.gpu.report import goals, table
from benchmarks.gpu.roofline import by_convolutions, in_one, limit, lite_blocks, lite_work, total, work
from benchmarks.gpu.rows import Row, attempt
from benchmarks.gpu.sections import SECTIONS, Section
from benchmarks.gpu.timing import Setting, seconds_a_call
from benchmarks.gpu.tune import candidates
from tests.shipped import DEFAULT
from tests.videoxception.engine.conftest import CardAtOnce
from videoxception.engine.kernels.families import kernels_of
from videoxception.engine.kernels.lite_weights import in_one_pass
from videoxception.engine.kernels.network import FusedNetwork

TINY = Setting(torch.device("cpu"), (2, 16, 16, 3), batches=(1, 2), training_batch=2, seconds=0.001, loop=0.001)


def test_times_are_those_of_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0001 * len(calls))
    assert seconds_a_call(lambda: calls.append(1), TINY) == pytest.approx(0.0001)
    assert len(calls) > 10


def test_the_card_is_measured() -> None:
    rows = list(card.card(TINY, size=16, copied=2**16))
    assert [row.what for row in rows] == ["CPU", "copy on the device", "bf16 matrix product", "copy from pinned memory"]
    assert all(row.value is not None for row in rows)


def test_plain_pytorch_is_measured_at_every_batch_with_and_without_copies() -> None:
    rows = list(serving.eager("a", TINY))
    assert [row.what for row in rows if "f32" in row.what] == [
        f"eager f32, batch {batch}, {where}" for batch in (1, 2) for where in ("from host", "on device")
    ]
    assert len(rows) == 8
    assert all(row.value for row in rows)


def test_the_engine_of_any_architecture_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "Card", lambda name: CardAtOnce())
    rows = list(serving.plain("c", TINY))
    assert [row.what for row in rows] == [
        f"plain bf16 in chunks of 8, batch {batch}, {where}" for batch in (1, 2) for where in ("from host", "on device")
    ]
    assert all(row.value and "of the roofline" in row.note for row in rows)


def test_a_profile_says_where_a_step_spends_its_time() -> None:
    rows = list(profile._rows("a", "ours", training.MAKERS["ours"], TINY))
    shares = [row.value for row in rows if row.value is not None]
    assert shares == sorted(shares, reverse=True)
    assert 20 < sum(shares) <= 100
    assert any("conv" in row.what for row in rows)


def test_training_steps_are_measured_and_train() -> None:
    (row,) = training._row("a", "ours", training.MAKERS["ours"], TINY)
    assert row.value


def test_decoders_are_measured_and_a_missing_nvdec_is_said() -> None:
    class Engine:
        device, precision, seen = "cpu", "f32", 0

        def predict(self, frames: np.ndarray) -> np.ndarray:
            assert frames.shape[1:] == (10, 128, 128, 3)
            self.seen += len(frames)
            return np.zeros((len(frames), 16), np.float32)

    engine = Engine()
    rows = list(decoding.decoding(TINY, 3, engine))
    assert rows[0].value
    assert engine.seen >= 3
    if not torch.cuda.is_available():
        assert (rows[1].what, rows[1].value) == ("NVDEC", None)


def test_relative_errors() -> None:
    assert parity.relative(torch.tensor([3.0, 4.5]), torch.tensor([3.0, 4.0])) == pytest.approx(0.1)
    assert np.isnan(parity.relative(torch.tensor([torch.nan]), torch.tensor([1.0])))


def test_a_measurement_that_fails_leaves_the_rows_before_it() -> None:
    def measure() -> Iterator[Row]:
        yield Row("s", "one", 1.0)
        raise RuntimeError("no\nmore")

    rows = list(attempt("s", "all", measure))
    assert rows == [Row("s", "one", 1.0), Row("s", "all", None, note="RuntimeError: no more")]
    assert [Row.from_json(row.to_json()) for row in rows] == rows


def test_sections_that_end_badly_or_late_cost_their_own_rows_only() -> None:
    wrong = Section("nothing", "nothing", None, 60.0)
    (row,) = command.measure([wrong], 60)
    assert row.value is None
    assert "ended with 1: KeyError: 'nothing'" in row.note
    (late,) = command._run_apart(SECTIONS[0], 0.01)
    assert "took longer" in late.note
    assert [row.note for row in command.measure(SECTIONS[:2], 1)] == ["no time was left"] * 2


def test_goals_are_met_missed_or_not_measured() -> None:
    rows = [
        Row("serving a", "ours bf16, batch 64, on device", 30_000.0),
        Row("serving a", "ours bf16, batch 1, from host", 2_500.0),
        Row("serving a", "torch.compile bf16, batch 64, on device", None, note="failed"),
    ]
    outcomes = {goal.what: goal.outcome for goal in goals(rows)}
    assert list(outcomes.values()) == ["met", "missed", "not measured", "missed", "not measured", "not measured"]
    assert "| serving a | torch.compile bf16, batch 64, on device | not measured | failed |" in table(rows)
    assert "| A, clips/s, stretch | 3e+04 | at least 40,000 | missed |" in table(rows)


def test_every_section_exists() -> None:
    modules = {section.module for section in SECTIONS}
    assert modules == {"card", "serving", "parity", "training", "profile", "decoding"}
    assert {section.function for section in SECTIONS} == modules - {"serving"} | {
        "ours",
        "plain",
        "kernels",
        "eager",
        "compiled",
    }
    for section in SECTIONS:
        module = __import__(f"benchmarks.gpu.{section.module}", fromlist=[section.function])
        assert callable(getattr(module, section.function))


@pytest.fixture(scope="module")
def steps() -> list[partial[None]]:
    """The launches of type B at full size, not run."""
    fused = FusedNetwork(fused_net("b"), SHAPE, 1, torch.bfloat16, torch.device("cpu"))
    found = fused.steps(torch.empty(1, *SHAPE, dtype=torch.uint8), torch.empty(1, 16))
    return [step for step in found if isinstance(step, partial)]


def test_the_limits_are_those_of_the_kernels_that_run(steps: list[partial[None]]) -> None:
    names = [step.func.__name__ for step in steps]
    assert names == [each.name.split()[0] for each in work("b")] + ["head"]
    assert limit("a") == pytest.approx(12.05e-6, rel=0.01)


def test_tiles_to_try_fit_the_work(steps: list[partial[None]]) -> None:
    for step in steps[:-1]:
        tried = list(candidates(step))
        assert len(tried) > 3
        assert len(set(tried)) == len(tried)
        if step.func.__name__ == "separable":
            assert all(step.args[0].shape[2] % tiles.rows == 0 for tiles in tried)
        if step.func.__name__ == "product_mean":
            assert len({tiles.rows for tiles in tried}) == 1


def test_the_roofline_of_c_counts_the_products_of_its_network() -> None:
    """Its release counts all multiplications of a clip, those of depthwise convolutions too, which are a tenth."""
    counted = 2 * DEFAULT.manifest.cost.multiply_adds
    at_best, by_convolutions = (list(lite_work("c", lambda spec, one=one: one)) for one in (True, False))
    for kernels in (at_best, by_convolutions):
        assert 0.85 < sum(each.operations for each in kernels) / counted < 1
    assert total(at_best) < 0.6 * total(work("c")) < 0.6 * total(by_convolutions)


@pytest.mark.parametrize("kind", ["c", "d"])
def test_a_block_is_one_kernel_where_that_is_faster_by_the_roofline(kind: str) -> None:
    for spec, before, after in lite_blocks(kind):
        faster = total(in_one(spec, before, after, again=True)) < total(by_convolutions(spec, before, after))
        assert in_one_pass(spec) == faster, spec


def test_the_limits_of_c_are_those_of_the_kernels_that_run() -> None:
    fused = kernels_of(served_net("c"), SHAPE, 1, torch.bfloat16, torch.device("cpu"))
    found = fused.steps(torch.empty(1, *SHAPE, dtype=torch.uint8), torch.empty(1, 16))
    names = [step.func.__name__ for step in found if isinstance(step, partial)]
    assert names == [each.name.split()[0] for each in work("c")] + ["head"]
