"""What the page of architectures is made of, and the measuring of one."""

import json
from pathlib import Path

import pytest
import torch
from matplotlib.axes import Axes

from benchmarks.models.__main__ import table
from benchmarks.models.measuring import Speed, latency_runner, measure_architecture
from benchmarks.models.plot import draw
from tests.reference import REFERENCE
from videoxception import nets
from videoxception.nets.cost import CLASSES, full_size_cost
from videoxception.nets.registry import ARCHITECTURES, clip_arguments, info
from videoxception.store import ModelStore

KEPT = json.loads((REFERENCE / "models.json").read_text())


def test_all_architectures_are_there() -> None:
    assert list(KEPT) == list(ARCHITECTURES)


@pytest.mark.parametrize("name", ["r2d_34", "eco_full", "two_stream", "mini_vivit_base", "lite2_transformer"])
def test_kept_parameters_are_those_of_the_networks(name: str) -> None:
    with torch.device("meta"):
        net = nets.create(name, CLASSES, **clip_arguments(name, info(name).clip))
    assert KEPT[name]["parameters"] == sum(parameter.numel() for parameter in net.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_kept_counts_are_those_of_the_networks(name: str) -> None:
    cost = full_size_cost(name)
    assert (KEPT[name]["parameters"], KEPT[name]["multiply_adds"]) == (cost.parameters, cost.multiply_adds)


def test_the_quickest_comes_first() -> None:
    speed = {"multiply_adds": 2e9, "ms": 20.0, "clips_per_second": 60.0, "times_reference": 1.0}
    lines = table({"slow": speed | {"cpu_ms": 90.0}, "quick": speed | {"cpu_ms": 30.0}, "unknown": {}}).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| quick", "| slow"]
    assert lines[2] == "| quick | 2.00 | 20 | 30 | 1.0 | 60.0 |"


def test_the_plot_draws_each_release_at_its_own_latency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two models of one architecture, of which one is quicker and right more often."""
    drawn: list[tuple[float, float]] = []
    monkeypatch.setattr(Axes, "errorbar", lambda self, x, y, *_, **__: drawn.append((x, y)))
    releases = [ModelStore().load(name) for name in ("videoxception-c", "videoxception-c224")]
    draw(
        [(release, Speed("f32", ms, 0, 0, 0)) for release, ms in zip(releases, (9.0, 8.0), strict=True)],
        tmp_path / "p.png",
    )
    assert drawn == [(ms, 100 * r.manifest.metrics.top1) for r, ms in zip(releases, (9.0, 8.0), strict=True)]
    assert (tmp_path / "p.png").exists()


@pytest.mark.slow
def test_an_architecture_is_measured_beside_the_fixed_one() -> None:
    found = measure_architecture("videoxception-a", latency_runner("videoxception-a"), 2)
    assert 0.3 < found.times_reference < 3
    assert found.ms > 1
    assert found.cpu_ms > 1
    assert found.clips_per_second > 0.1
