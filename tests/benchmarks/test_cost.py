from pathlib import Path

import pytest

from benchmarks.cost import Cost, draw, table
from tests.shipped import SHIPPED


@pytest.fixture
def cost() -> Cost:
    """Three rounds, in each of which all stages took longer by one millisecond."""
    rounds = [0.0, 1.0, 2.0]
    return Cost(
        release=SHIPPED,
        precision="int8",
        operations=3e9,
        decode=[20 + r for r in rounds],
        network=[10 + r for r in rounds],
        plain=[15 + r for r in rounds],
        whole=[33 + 3 * r for r in rounds],
    )


def test_what_no_stage_explains_is_the_rest(cost: Cost) -> None:
    assert cost.rest == 4
    (row,) = table([cost], 1e12).splitlines()[2:]
    assert row.endswith("| 21.0 | 11.0 in int8 | 4.0 | 36.0 | 16.0 | 27% |")


def test_no_model_is_left_out_of_the_plot(cost: Cost, tmp_path: Path) -> None:
    plots = []
    for count in (8, 9):
        draw([cost] * count, tmp_path / "cost.png")
        plots.append((tmp_path / "cost.png").read_bytes())
    assert plots[0].startswith(b"\x89PNG")
    assert plots[0] != plots[1]
