"""The weights that a finished run leaves."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from training.config.data import DataConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.errors import TrainingError
from training.model import checkpoint
from training.model.build import build_network
from training.model.final_weights import final_weights
from training.model.train_state import new_train_state

CONFIG = Config(data=DataConfig(classes=("a", "b")), stages=parse_stages("1x1x32x8"), name="toy")


def finished(folder: Path, config: Config) -> Config:
    """A run that is done, and left the weights of its seed."""
    state = new_train_state(build_network(config), config.optimizer)
    state.epoch = config.epochs
    checkpoint.open_run(folder, config, resume=False)
    checkpoint.save(folder, state)
    return config


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_share_of_the_way_back_to_the_first_weights(share: float, tmp_path: Path) -> None:
    first = finished(tmp_path / "first", replace(CONFIG, seed=1))
    config = replace(CONFIG, seed=2, init=str(tmp_path / "first"), init_share=share)
    finished(tmp_path / "run", config)
    before, after = build_network(first).state_dict(), build_network(config).state_dict()
    for name, found in final_weights(tmp_path / "run", config).items():
        expected = after[name].lerp(before[name], share) if found.is_floating_point() else after[name]
        assert torch.allclose(found, expected, rtol=1e-2, atol=1e-3), name  # bf16 is coarse


def test_there_must_be_first_weights_for_everything(tmp_path: Path) -> None:
    finished(tmp_path / "first", replace(CONFIG, data=DataConfig(classes=("c", "d"))))
    config = replace(CONFIG, init=str(tmp_path / "first"), init_share=0.5)
    finished(tmp_path / "run", config)
    with pytest.raises(TrainingError, match=r"--init-share needs .* has none for head\.bias, head\.weight"):
        final_weights(tmp_path / "run", config)


def test_a_run_with_epochs_left_has_none(tmp_path: Path) -> None:
    config = finished(tmp_path, CONFIG)
    with pytest.raises(TrainingError, match="has done 1 of 3 epochs; finish it with --resume"):
        final_weights(tmp_path, replace(config, stages=parse_stages("3x1x32x8")))
