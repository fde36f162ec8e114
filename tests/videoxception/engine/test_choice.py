"""Which engine a model gets: one that fails or is wrong is passed over for the next, with one logged error."""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.videoxception.engine.conftest import CardAtOnce
from videoxception import engine as engines
from videoxception import golden
from videoxception.engine import EngineError, cuda_plain, openvino
from videoxception.engine.base import Engine
from videoxception.engine.cuda_fused import FusedEngine
from videoxception.engine.cuda_plain import PlainEngine
from videoxception.engine.kernels.lite_network import LiteNetwork
from videoxception.engine.kernels.network import FusedNetwork
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.engine.torch_reference import TorchEngine
from videoxception.store import Release

Lines = Callable[[int], list[str]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """Returns what was logged at a level."""
    caplog.set_level(logging.DEBUG, "videoxception")
    return lambda level: [record.getMessage() for record in caplog.records if record.levelno == level]


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> type[CardAtOnce]:
    """What every device "cuda" is; the kernels compute nothing there, and their trial ends well."""

    class PlantedCard(CardAtOnce):
        def __init__(self, name: str) -> None:
            super().__init__(free_memory=2**19)

    monkeypatch.setattr("videoxception.engine.cuda_candidates.Card", PlantedCard)
    monkeypatch.setattr("videoxception.engine.cuda_candidates.try_apart", lambda *_: None)
    monkeypatch.setattr(FusedNetwork, "run", lambda *_: None)
    monkeypatch.setattr(LiteNetwork, "run", lambda *_: None)
    monkeypatch.setattr(cuda_plain, "CHUNKS", (2, 1))
    return PlantedCard


def answers(release: Release) -> Callable[..., None]:
    """What stands in for the kernels, which are tested elsewhere: they give the golden answers to golden clips."""
    golden_clips = torch.from_numpy(golden.draw(release.manifest.clip, release.manifest.golden.seed, 3))
    logits = torch.tensor(release.manifest.golden.logits, dtype=torch.float32)

    def run(network: object, frames: Tensor, out: Tensor) -> None:
        for row, clip in enumerate(frames):
            for known, known_logits in zip(golden_clips, logits, strict=True):
                if torch.equal(known, clip):
                    out[row] = known_logits

    return run


def fail(*_: object) -> Any:
    raise RuntimeError("planted")


def test_kernels_that_are_right_are_taken(
    card: object, small_a: Release, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.setattr(FusedNetwork, "run", answers(small_a))
    engine = engines.create(small_a, "cuda")
    assert isinstance(engine, FusedEngine)
    assert engine.precision == "bf16"
    assert lines(logging.ERROR) == lines(logging.WARNING) == []
    assert f"{small_a} runs on cuda by fused kernels in bf16" in lines(logging.DEBUG)


def plant_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """No C compiler, no memory, no ptxas."""
    monkeypatch.setattr(FusedNetwork, "run", fail)


def plant_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something in Python before anything is computed."""
    monkeypatch.setattr(FusedNetwork, "__init__", fail)


def plant_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything runs, and the first recording fails: it is of the kernels, which are tried first."""
    recorded: list[object] = []

    def record(card: CardAtOnce, run: Callable[[], None], stream: object) -> Callable[[], None]:
        run()
        recorded.append(run)
        if len(recorded) == 1:
            raise RuntimeError("planted: operation not permitted when stream is capturing")
        return run

    monkeypatch.setattr(CardAtOnce, "record", record)


def plant_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits that are not the model's."""
    monkeypatch.setattr(FusedNetwork, "run", lambda network, frames, logits: logits.fill_(1))


def plant_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits that are no numbers."""
    monkeypatch.setattr(FusedNetwork, "run", lambda network, frames, logits: logits.fill_(torch.nan))


def plant_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was killed by its kernels."""

    def try_apart(*_: object) -> None:
        raise EngineError("planted")

    monkeypatch.setattr("videoxception.engine.cuda_candidates.try_apart", try_apart)


@pytest.mark.parametrize(
    ("plant", "reason"),
    [
        (plant_build, "planted"),
        (plant_weights, "planted"),
        (plant_capture, "planted"),
        (plant_trial, "planted"),
        (plant_wrong, "does not give its golden answers in bf16"),
        (plant_nan, "a logit is off by nan"),
    ],
)
def test_kernels_that_fail_give_way_to_plain_pytorch_with_one_error(
    plant: Callable[[pytest.MonkeyPatch], None],
    reason: str,
    card: object,
    small_a: Release,
    monkeypatch: pytest.MonkeyPatch,
    lines: Lines,
) -> None:
    plant(monkeypatch)
    engine = engines.create(small_a, "cuda")
    assert isinstance(engine, PlainEngine)
    assert engine.precision == "bf16"
    (error,) = lines(logging.ERROR)
    assert error.startswith(f"{small_a} is not run by fused kernels in bf16: ")
    assert reason in error
    golden.check(engine, small_a.manifest)


def plant_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card from before bf16."""
    monkeypatch.setattr(CardAtOnce, "capability", property(lambda _: (7, 5), lambda *_: None), raising=False)


def plant_no_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    """Triton is not installed."""
    monkeypatch.setitem(sys.modules, "videoxception.engine.cuda_fused", None)


@pytest.mark.parametrize(
    ("plant", "precision", "reason"),
    [
        (plant_old, "f32", "need compute capability 8.0 or above, but cpu has (7, 5)"),
        (plant_no_triton, "bf16", "videoxception.engine.cuda_fused"),
    ],
)
def test_kernels_that_are_not_for_this_machine_are_no_error(
    plant: Callable[[pytest.MonkeyPatch], None],
    precision: str,
    reason: str,
    card: object,
    small_a: Release,
    monkeypatch: pytest.MonkeyPatch,
    lines: Lines,
) -> None:
    plant(monkeypatch)
    engine = engines.create(small_a, "cuda")
    assert isinstance(engine, PlainEngine)
    assert engine.precision == precision
    assert lines(logging.ERROR) == []
    (warning,) = lines(logging.WARNING)
    assert reason in warning


def plant_times(monkeypatch: pytest.MonkeyPatch, graphs: float, kernels: float) -> None:
    """What a race finds."""
    monkeypatch.setattr(
        "videoxception.engine.cuda_candidates.race", lambda ways, clock: dict(zip(ways, (graphs, kernels), strict=True))
    )


def test_kernels_of_c_are_taken_where_they_are_clearly_faster(
    card: object, small_average_c: Release, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.setattr(LiteNetwork, "run", answers(small_average_c))
    plant_times(monkeypatch, graphs=0.002, kernels=0.001)
    assert isinstance(engines.create(small_average_c, "cuda"), FusedEngine)
    assert lines(logging.ERROR) == lines(logging.WARNING) == []


def test_kernels_of_c_that_are_hardly_faster_give_way_to_plain_pytorch(
    card: object, small_average_c: Release, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.setattr(LiteNetwork, "run", answers(small_average_c))
    plant_times(monkeypatch, graphs=0.002, kernels=0.0019)
    assert isinstance(engines.create(small_average_c, "cuda"), PlainEngine)
    assert lines(logging.ERROR) == []
    (warning,) = lines(logging.WARNING)
    assert "not clearly faster for 8 clips: graphs 2.00 ms, kernels 1.90 ms" in warning


@pytest.mark.parametrize("planted", [fail, lambda network, frames, logits: logits.fill_(torch.nan)])
def test_kernels_of_c_that_fail_or_are_wrong_give_way_with_one_error(
    planted: Callable[..., None],
    card: object,
    small_average_c: Release,
    monkeypatch: pytest.MonkeyPatch,
    lines: Lines,
) -> None:
    monkeypatch.setattr(LiteNetwork, "run", planted)
    plant_times(monkeypatch, graphs=0.002, kernels=0.001)
    engine = engines.create(small_average_c, "cuda")
    assert isinstance(engine, PlainEngine)
    (error,) = lines(logging.ERROR)
    assert error.startswith(f"{small_average_c} is not run by fused kernels in bf16: ")
    golden.check(engine, small_average_c.manifest)


def test_kernels_of_c_are_taken_where_no_graph_of_plain_pytorch_is_right(
    card: object, small_average_c: Release, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.setattr(LiteNetwork, "run", answers(small_average_c))
    wrong_in_bf16(monkeypatch)
    assert isinstance(engines.create(small_average_c, "cuda"), FusedEngine)
    (error,) = lines(logging.ERROR)
    assert "is not run by graphs of plain PyTorch in bf16: " in error


def test_other_types_never_try_the_kernels(card: object, small_c: Release, lines: Lines) -> None:
    engine = engines.create(small_c, "cuda")
    assert isinstance(engine, PlainEngine)
    assert engine.precision == "bf16"
    assert lines(logging.ERROR) == lines(logging.WARNING) == []


def wrong_in_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain PyTorch as graphs is far off in bf16."""
    prepare = cuda_plain._prepare

    def planted(net: torch.nn.Module, precision: str) -> torch.nn.Module:
        prepared = prepare(net, precision)  # type: ignore[arg-type]
        if precision == "bf16":
            prepared.register_forward_hook(lambda module, given, logits: logits + 9)
        return prepared

    monkeypatch.setattr(cuda_plain, "_prepare", planted)


def test_bf16_that_is_wrong_gives_way_to_f32_with_one_error(
    card: object, small_c: Release, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    wrong_in_bf16(monkeypatch)
    engine = engines.create(small_c, "cuda")
    assert isinstance(engine, PlainEngine)
    assert engine.precision == "f32"
    (error,) = lines(logging.ERROR)
    assert "is not run by graphs of plain PyTorch in bf16: " in error


def test_a_precision_that_was_asked_for_is_kept(
    card: object, small_c: Release, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    wrong_in_bf16(monkeypatch)
    engine = engines.create(small_c, "cuda", "bf16")
    assert isinstance(engine, TorchEngine)
    assert engine.precision == "bf16"
    assert len(lines(logging.ERROR)) == 1


def test_where_no_graph_can_be_recorded_the_reference_runs(
    card: type[CardAtOnce], small_c: Release, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.setattr(card, "record", fail)
    engine = engines.create(small_c, "cuda", "f32")
    assert isinstance(engine, TorchEngine)
    assert lines(logging.ERROR) == [
        f"{small_c} is not run by graphs of plain PyTorch in f32: {small_c} does not run on cuda: planted"
    ]


def test_a_model_that_nothing_answers_rightly_is_refused(card: object, small_c: Release) -> None:
    wrong = small_c.manifest.golden.model_copy(
        update={"logits": (np.asarray(small_c.manifest.golden.logits) + 9).tolist()}
    )
    damaged = replace(small_c, manifest=small_c.manifest.model_copy(update={"golden": wrong}))
    with pytest.raises(golden.GoldenMismatch, match="does not give its golden answers in f32"):
        engines.create(damaged, "cuda")


@pytest.fixture
def with_bf16(monkeypatch: pytest.MonkeyPatch, release: Release) -> Release:
    """The shipped model on a CPU with bf16, which has no int8 that is right: not a logit may be off there."""
    monkeypatch.setattr(openvino, "native_precision", lambda _: "bf16")
    return with_tolerance(release, int8=1e-9)


def with_tolerance(release: Release, **tolerance: float) -> Release:
    answers = release.manifest.golden
    answers = answers.model_copy(update={"tolerance": answers.tolerance | tolerance})
    return replace(release, manifest=release.manifest.model_copy(update={"golden": answers}))


def test_on_a_cpu_the_fastest_precision_that_is_right_is_taken(with_bf16: Release, lines: Lines) -> None:
    engine = engines.create(with_bf16, "cpu")
    assert isinstance(engine, OpenVINOEngine)
    assert engine.precision == "bf16"
    (error,) = lines(logging.ERROR)
    assert error.startswith(f"{with_bf16} is not run by OpenVINO in int8: ")


def test_on_a_cpu_a_precision_that_was_asked_for_is_that_or_an_error(with_bf16: Release, lines: Lines) -> None:
    with pytest.raises(golden.GoldenMismatch, match="does not give its golden answers in int8"):
        engines.create(with_bf16, "cpu", "int8")
    assert lines(logging.ERROR) == []


def test_on_a_cpu_f32_comes_last(with_bf16: Release, lines: Lines) -> None:
    engine: Engine = engines.create(with_tolerance(with_bf16, bf16=1e-9), "cpu")
    assert engine.precision == "f32"
    assert len(lines(logging.ERROR)) == 2
