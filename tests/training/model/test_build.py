"""The network of a run is the architecture that its config names, with the config's arguments."""

from dataclasses import replace

import pytest

from training.config.data import DataConfig
from training.config.frozen import FrozenConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.errors import TrainingError
from training.model.build import build_network
from videoxception.nets.efficientnet_lite import MBConv
from videoxception.nets.videoxception_c import TemporalConv

DATA = DataConfig(classes=("a", "b"))


@pytest.mark.parametrize(("arguments", "temporal"), [("", True), ("temporal=true", True), ("temporal=false", False)])
def test_arguments_reach_the_architecture(arguments: str, temporal: bool) -> None:
    net = build_network(Config(architecture="videoxception-c", architecture_args=arguments, data=DATA))
    assert any(isinstance(module, TemporalConv) for module in net.modules()) == temporal


@pytest.mark.parametrize(
    ("stages", "frozen", "arguments", "shifted"),
    [
        ("3x10x128x8", 4, "", [0.25, 0.25, 0.25]),
        ("3x1x64x8,1x10x128x8", 0, "", [0.25, 0.25, 0.25]),
        ("3x10x128x8", 6, "", [0, 0, 0.25]),
        ("3x10x128x8", 8, "", [0, 0, 0]),
        ("3x1x128x8", 0, "", [0, 0, 0]),
        ("3x1x128x8", 0, "shift=0.5", [0.5, 0.5, 0.5]),
        ("3x10x128x8", 0, "shift=0", [0, 0, 0]),
    ],
)
def test_kernels_over_time_begin_as_shifts_where_clips_will_train_them(
    stages: str, frozen: int, arguments: str, shifted: list[float]
) -> None:
    """Of stages 4, 5 and 6, the share of the channels that begin as shifts."""
    config = Config(architecture="videoxception-c", architecture_args=arguments, data=DATA)
    net = build_network(replace(config, stages=parse_stages(stages), frozen=FrozenConfig(frozen_stages=frozen)))
    last = {block.spec.stage: block.temporal for block in net.modules() if isinstance(block, MBConv) and block.temporal}
    found = [last[stage].weight[:, 0, 1, 0].eq(0).float().mean().item() for stage in (4, 5, 6)]
    assert found == pytest.approx(shifted, abs=0.01)


def test_an_option_that_the_architecture_has_not() -> None:
    with pytest.raises(TrainingError, match="--stochastic-depth: r3d_18 has no blocks that can be left out"):
        build_network(Config(architecture="r3d_18", stochastic_depth=0.2, data=DATA))


@pytest.mark.parametrize(
    ("architecture", "arguments", "message"),
    [
        ("videoxception-a", "temporal=false", "videoxception-a takes no argument 'temporal'"),
        ("videoxception-d", "temporal=no", "temporal of videoxception-d must be of type bool, but got 'no'"),
        ("videoxception-d", "dropout=0.1", "--architecture-args: dropout is set by an option of its own"),
        ("videoxception-d", "auxiliary=2", "--architecture-args: auxiliary is set by an option of its own"),
        ("resnet", "", "no architecture is called 'resnet'"),
    ],
)
def test_arguments_that_it_does_not_take(architecture: str, arguments: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        build_network(Config(architecture=architecture, architecture_args=arguments, data=DATA))
