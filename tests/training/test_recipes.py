import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.commands import command
from training.augment.pipeline import draw_clips
from training.config.schema import Config, config_from_json
from training.config.stages import parse_stages
from training.data.loading import open_dataset
from training.data.synthetic_videos import CLASSES, make_videos
from training.errors import TrainingError
from training.model import checkpoint
from training.recipes import RECIPES, recipe, smoke, source
from training.run import config_of, parse, train_and_release
from videoxception.nets.registry import ARCHITECTURES, info


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_survives_its_own_json(name: str) -> None:
    config = recipe(name)
    assert config_from_json(config.to_json()) == config


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_has_a_reduced_size_and_a_start_of_its_own(name: str) -> None:
    """The last stage is what the released model is shown, as the trainer would warn otherwise."""
    for config in (recipe("smoke", name), recipe("default", name)):
        assert config.architecture == name
        last = config.stages[-1]
        usual = name in ("videoxception-b", "videoxception-c", "videoxception-d") and config.stages == Config().stages
        assert usual or (last.frames, last.size) == (config.clip.frames, config.clip.size[0])
        assert config_from_json(config.to_json()) == config
    assert math.prod(recipe("smoke", name).clip.shape) <= math.prod(info(name).clip.shape)


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if info(name).frozen])
def test_what_is_frozen_is_computed_once(name: str) -> None:
    assert recipe("default", name).banked


def test_unknown_architectures_are_named() -> None:
    with pytest.raises(TrainingError, match="no architecture is called 'resnet'"):
        recipe("smoke", "resnet")
    with pytest.raises(TrainingError, match=r"'r2plus1d18' \(did you mean 'r2plus1d_18'\?\)"):
        recipe("default", "r2plus1d18")


def test_stages_follow_the_clip_that_the_model_is_to_be_shown() -> None:
    config = config_of(parse(["--architecture", "vivit_tiny", "--clip-frames", "8", "--clip-size", "64"]))
    assert [(stage.frames, stage.size) for stage in config.stages] == [(8, 64)]
    own = config_of(parse(["--architecture", "r2plus1d_18", "--clip-size", "64", "--stages", "3x16x112x4"]))
    assert own.stages == parse_stages("3x16x112x4")


def test_going_on_without_options_names_the_config_that_has_them(tmp_path: Path) -> None:
    started = replace(recipe("default", "eco_lite"), seed=7, stages=parse_stages("3x16x224x4"))
    checkpoint.open_run(tmp_path, started, resume=False)
    with pytest.raises(TrainingError, match=r"--resume needs the options that .*: python -m training\.run --config "):
        train_and_release(parse(["--resume", "--run", str(tmp_path)]))
    assert config_of(parse(["--config", str(tmp_path / "config.json"), "--resume", "--run", str(tmp_path)])) == started


@pytest.mark.parametrize("arguments", [["--architecture"], ["--clip-size", "big"]])
def test_wrong_options_get_the_usage_of_the_whole_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(arguments)
    assert "usage: python -m training.run (DIR | --recipe smoke" in capsys.readouterr().err


def test_unknown_recipes_are_named() -> None:
    with pytest.raises(TrainingError, match="default, own, linear, finetune, student, source, smoke, but got 'best'"):
        recipe("best")


def test_source_draws_nothing() -> None:
    """Without augmentation, a still becomes the very clip that evaluation shows."""
    config = source()
    frames = torch.randint(0, 256, (4, 1, 3, 128, 128), dtype=torch.uint8)
    clips = draw_clips(frames, config.stages[0], config, torch.Generator().manual_seed(0))
    expected = (frames.float() / 255).transpose(1, 2).expand(-1, -1, 10, -1, -1)
    torch.testing.assert_close(clips, expected, atol=1e-4, rtol=0)


def test_the_made_videos_are_split_by_their_sources(tmp_path: Path) -> None:
    make_videos(tmp_path)
    split = open_dataset(replace(smoke().data, data=str(tmp_path))).split(seed=0)
    assert split.training.classes == CLASSES
    assert len(split.training) + len(split.validation) == 72
    assert not set(split.training.groups) & set(split.validation.groups)


def test_a_recipe_a_file_and_an_option(tmp_path: Path) -> None:
    """What --help shows as defaults is what a run would take."""

    def shown(*arguments: str) -> str:
        ended = command("training.run", *arguments, "--help")
        assert ended.returncode == 0
        return ended.stdout

    (tmp_path / "config.json").write_text(source().to_json())
    assert "(default: 100x10x128x64)" in "".join(shown("--recipe", "source").split("\n")).replace("  ", "")
    assert "100x10x128x64" in shown("--config", str(tmp_path / "config.json"))
    assert "100x10x128x64" not in shown()
