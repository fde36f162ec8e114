from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from training.config.data import DataConfig
from training.config.distillation import TeacherConfig
from training.config.frozen import FrozenConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.errors import TrainingError
from training.model import checkpoint
from training.model.build import build_network
from training.model.projection import Projected, feature_projection
from training.model.train_state import new_train_state
from videoxception.nets.videoxception import VideoXception

TAUGHT = Config(
    data=DataConfig(classes=("Run", "Jump")),
    stages=parse_stages("1x1x32x4"),
    frozen=FrozenConfig(views=2),
    teacher=TeacherConfig(teacher="one,another", teacher_features=1.0),
)


def test_a_projection_has_the_features_of_all_teachers() -> None:
    projection = feature_projection(build_network(TAUGHT), TAUGHT)
    assert projection is not None
    assert projection.weight.shape == (2 * 1280, 512)
    assert feature_projection(build_network(TAUGHT), Config()) is None


def test_a_network_without_a_linear_head_is_refused() -> None:
    with pytest.raises(TrainingError, match="--teacher-features needs --teacher"):
        feature_projection(nn.Flatten(), replace(TAUGHT, teacher=TeacherConfig(teacher_features=1.0)))
    with pytest.raises(TrainingError, match="--teacher-features: videoxception-a has no linear head"):
        feature_projection(nn.Flatten(), TAUGHT)


def test_what_the_head_is_given_is_projected() -> None:
    net = build_network(replace(TAUGHT, dropout=0.0)).eval()
    assert isinstance(net, VideoXception)
    projection = feature_projection(net, TAUGHT)
    assert projection is not None
    clips = torch.rand(2, 3, 1, 32, 32)
    features = torch.nn.Sequential(*[net.norm, net.stem, *net.blocks, net.pool, nn.Flatten()])(clips)
    logits, projected = Projected(net, net, projection)(clips)
    torch.testing.assert_close(logits, net(clips))
    torch.testing.assert_close(projected, projection(features))
    assert not net.head._forward_pre_hooks


def test_a_checkpoint_brings_the_projection_back(tmp_path: Path) -> None:
    states = []
    for seed in (0, 1):
        net = build_network(TAUGHT)
        states.append(new_train_state(net, TAUGHT.optimizer, feature_projection(net, replace(TAUGHT, seed=seed))))
    checkpoint.save(tmp_path, states[0])
    assert checkpoint.restore(tmp_path, states[1], torch.device("cpu"))
    before, after = (state.projection for state in states)
    assert isinstance(before, nn.Linear)
    assert isinstance(after, nn.Linear)
    assert torch.equal(before.weight, after.weight)
