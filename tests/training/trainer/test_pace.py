"""What a run spends once, and what in each epoch; not how fast this machine is."""

import pytest
import torch

from training.config.clip import ClipConfig
from training.config.data import DataConfig
from training.config.frozen import FrozenConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.trainer.pace import measure_pace

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


@pytest.mark.parametrize(("config", "banked"), [(PLAIN, False), (FROZEN, True), (LATE, True)])
def test_what_is_frozen_is_counted_once(config: Config, banked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that goes on by one second at each look."""
    times = iter(range(100))
    monkeypatch.setattr("training.trainer.pace.monotonic", lambda: float(next(times)))
    pace = measure_pace(config, torch.device("cpu"))
    assert pace.step == 0.5  # a second for two clips
    assert pace.once == (config.frozen.views * 0.5 if banked else 0)
