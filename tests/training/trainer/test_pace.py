"""What a run spends once, and what in each epoch; not how fast this machine is."""

from typing import Any

import pytest
import torch

from training.bank.store import Halves
from training.bank.trunk import RunTrunk
from training.config.clip import ClipConfig
from training.config.data import DataConfig
from training.config.frozen import FrozenConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.trainer import pace
from training.trainer.pace import Pace

DATA = DataConfig(classes=("a", "b"))
PLAIN = Config(
    architecture="r2d_18",
    architecture_args="width=0.125",
    clip_shape=ClipConfig(clip_frames=2, clip_size=32),
    stages=parse_stages("1x2x32x4"),
    data=DATA,
)
FROZEN = Config(
    architecture="lite0_transformer",
    clip_shape=ClipConfig(clip_frames=2, clip_size=32),
    stages=parse_stages("1x2x32x4"),
    frozen=FrozenConfig(views=4),
    data=DATA,
)
LATE = Config(
    architecture="videoxception-c",
    stages=parse_stages("1x2x32x4"),
    frozen=FrozenConfig(frozen_stages=4, views=2),
    data=DATA,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by a second for the frozen part, and by ten for what is trained behind it."""
    time = [0.0]
    make_runner, go_on = pace.trunk_runner, pace.resume

    def runner(*arguments: Any) -> RunTrunk:
        run = make_runner(*arguments)

        def counted(views: torch.Tensor) -> Halves:
            time[0] += 1
            return run(views)

        return counted

    def resumed(*arguments: Any) -> torch.Tensor:
        time[0] += 10
        return go_on(*arguments)

    monkeypatch.setattr(pace, "monotonic", lambda: time[0])
    monkeypatch.setattr(pace, "trunk_runner", runner)
    monkeypatch.setattr(pace, "resume", resumed)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("config", [FROZEN, LATE], ids=["frozen network", "late stages"])
def test_what_is_frozen_is_counted_once_for_each_view(config: Config) -> None:
    found = pace.measure_pace(config, torch.device("cpu"))
    assert found == Pace(step=10 / 2, once=config.frozen.views / 2)  # two clips are tried


def test_without_a_bank_all_is_trained_in_each_epoch() -> None:
    found = pace.measure_pace(PLAIN, torch.device("cpu"))
    assert found.step > 0
    assert found.once == 0
