"""The network of a run is the architecture that its config names, with the config's arguments."""

import pytest

from training.config.data import DataConfig
from training.config.schema import Config
from training.errors import TrainingError
from training.model.build import build_network
from videoxception.nets.videoxception_c import TemporalConv

DATA = DataConfig(classes=("a", "b"))


@pytest.mark.parametrize(("arguments", "temporal"), [("", True), ("temporal=true", True), ("temporal=false", False)])
def test_arguments_reach_the_architecture(arguments: str, temporal: bool) -> None:
    net = build_network(Config(architecture="videoxception-c", architecture_args=arguments, data=DATA))
    assert any(isinstance(module, TemporalConv) for module in net.modules()) == temporal


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
