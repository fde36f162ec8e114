"""Published weights that are no package: fetched by torchvision, or in files."""

from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models.vision_transformer import VisionTransformer

from training.config.clip import ClipConfig
from training.config.data import DataConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.errors import TrainingError
from training.model import pretrained
from training.model.build import build_network
from training.model.frozen import freeze, frozen_names
from training.model.pretrained import describe_pretrained, first_weights
from training.model.train_state import load_weights, new_train_state
from training.recipes import recipe
from videoxception.nets import create
from videoxception.nets.efficientnet_lite import LITE0, EfficientNetLite

DATA = DataConfig(classes=("a", "b"))


def narrow(architecture: str, source: Path | str, **more: str) -> Config:
    arguments = more.get("arguments", "width=0.125")
    return Config(architecture=architecture, architecture_args=arguments, pretrained=str(source), data=DATA)


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors", "wrapped.pth"])
def test_a_file_of_weights_fills_all_but_the_head(name: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    weights = create("r3d_18", 7, width=0.125).state_dict()
    path = tmp_path / name
    if path.suffix == ".safetensors":
        save_file(weights, path)
    else:
        torch.save({"state_dict": weights, "epoch": 3} if name.startswith("wrapped") else weights, path)
    config = narrow("r3d_18", path)
    state = new_train_state(build_network(config), config.optimizer)
    first = first_weights(config, state.net)
    assert first is not None
    assert load_weights(state, first.weights) == ["fc.weight", "fc.bias"]
    assert torch.equal(state.net.state_dict()["layer4.1.conv2.0.weight"], weights["layer4.1.conv2.0.weight"])
    assert describe_pretrained(config) == f"the weights of {name}"


def test_a_file_of_another_network_is_told(tmp_path: Path) -> None:
    torch.save(create("mc3_18", 7, width=0.125).state_dict(), tmp_path / "mc3.pth")
    config = narrow("r3d_18", tmp_path / "mc3.pth")
    with pytest.raises(
        TrainingError,
        match=r"weights of .*mc3\.pth are not those of r3d_18 \(layer2\.0\.conv1\.0\.weight is of shape ",
    ):
        first_weights(config, build_network(config))


def vivit(source: Path) -> Config:
    return Config(
        architecture="vivit_tiny",
        architecture_args="width=0.25,layers=3,patch=8",
        clip_shape=ClipConfig(clip_frames=4, clip_size=32),
        stages=parse_stages("1x4x32x2"),
        pretrained=str(source),
        data=DATA,
    )


def test_vivit_takes_a_vit(tmp_path: Path) -> None:
    torch.save(VisionTransformer(32, 8, 3, 3, 48, 192, num_classes=10).state_dict(), tmp_path / "vit.pth")
    config = vivit(tmp_path / "vit.pth")
    net = build_network(config)
    first = first_weights(config, net)
    assert first is not None
    unfit = load_weights(new_train_state(net, config.optimizer), first.weights)
    assert unfit == ["head.weight", "head.bias"]
    torch.save({"layer1.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(TrainingError, match=r"other\.pth is not for vivit_tiny: unknown parameter 'layer1\.weight'"):
        first_weights(vivit(tmp_path / "other.pth"), net)


@pytest.mark.parametrize("architecture", ["r3d_18", "i3d", "cnn_lstm"])
def test_a_networks_own_weights_fill_all_but_its_head(architecture: str, tmp_path: Path) -> None:
    check_own(narrow(architecture, tmp_path / "own.pth"))


def test_vivits_own_weights_fill_it_too(tmp_path: Path) -> None:
    check_own(vivit(tmp_path / "own.pth"))


@pytest.mark.parametrize("architecture", ["lite0_transformer", "videoxception-c"])
def test_so_do_those_of_networks_that_have_packages(architecture: str, tmp_path: Path) -> None:
    check_own(replace(recipe("default", architecture), pretrained=str(tmp_path / "own.pth"), data=DATA))


def check_own(config: Config) -> None:
    """As PyTorch's data-parallel wrappers save them."""
    net = build_network(config)
    with torch.no_grad():
        for parameter in net.parameters():  # some begin as constants
            parameter.add_(0.1)
    torch.save({f"module.{name}": tensor for name, tensor in net.state_dict().items()}, config.pretrained)
    state = new_train_state(build_network(replace(config, seed=4)), config.optimizer)
    first = first_weights(config, state.net)
    assert first is not None
    heads = set(load_weights(state, first.weights))
    assert len(heads) == 2
    for name, tensor in net.state_dict().items():
        assert name in heads or torch.equal(state.net.state_dict()[name], tensor), name


@pytest.mark.parametrize(
    ("architecture", "source", "file"),
    [("r2plus1d_18", "kinetics", r"r2plus1d_18-91a641e6\.pth"), ("i3d", "imagenet", r"googlenet-1378be20\.pth")],
)
def test_offline_it_says_which_file_to_put_where(
    architecture: str, source: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    config = narrow(architecture, source)
    expected = (
        rf"https://\S+{file} cannot be fetched .*no network.*; put the file {file} into .*checkpoints, or name it"
    )
    with pytest.raises(TrainingError, match=expected):
        first_weights(config, build_network(config))
    assert describe_pretrained(config).startswith("torchvision's ")


def test_a_frozen_network_gets_all_of_its_weights_and_is_not_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = EfficientNetLite(LITE0, 1000).state_dict()
    monkeypatch.setattr(pretrained, "imagenet_weights", lambda package: weights)
    config = Config(
        architecture="lite0_transformer", architecture_args="channels=32", stages=parse_stages("1x10x160x2"), data=DATA
    )
    net = build_network(config)
    freeze(net, config.frozen.frozen_stages)
    state = new_train_state(net, config.optimizer)
    first = first_weights(config, net)
    assert first is not None
    assert load_weights(state, first.weights) == ["head.weight", "head.bias"]
    assert torch.equal(net.state_dict()["backbone.net.top.conv.weight"], weights["top.conv.weight"])
    trained = {name for name, p in net.named_parameters() if p.requires_grad}
    assert trained == dict(net.named_parameters()).keys() - set(frozen_names(net, 0))
