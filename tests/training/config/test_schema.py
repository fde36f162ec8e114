import argparse
import json

import pytest

from training.config.cli import add_data_options, add_options, config_from_options, data_config_from_options
from training.config.clip import ClipConfig
from training.config.data import DataConfig
from training.config.optimizer import OptimizerConfig
from training.config.schema import Config, config_from_json
from training.config.stages import Stage, parse_stages
from training.errors import TrainingError
from videoxception.clip import ClipSpec, Crop, ResizeCrop, Window
from videoxception.nets.registry import info


def parsed(*arguments: str) -> Config:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return config_from_options(parser.parse_args(arguments))


def test_no_options_are_the_defaults() -> None:
    assert parsed() == Config()


def test_options_reach_their_sections() -> None:
    config = parsed(
        "--seed", "3", "--classes", "a, b", "--fold", "2", "--no-flip", "--lr", "0.1", "--stages", "2x1x64x8"
    )
    assert config.seed == 3
    assert config.data.classes == ("a", "b")
    assert config.data.fold == 2
    assert not config.camera.flip
    assert config.optimizer.lr == 0.1
    assert config.stages == (Stage(epochs=2, frames=1, size=64, batch=8),)


def test_every_option_has_help() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    assert all(action.help for action in parser._actions)


def test_a_config_survives_its_file() -> None:
    config = Config(data=DataConfig(data="x", classes=("a", "b")), stages=parse_stages("1x1x96x32,2x10x128x8"))
    assert config_from_json(config.to_json()) == config


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"data": {"speed": 1}}'])
def test_a_file_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match="does not fit this version"):
        config_from_json(text)


def test_stages_by_epoch() -> None:
    config = Config(stages=parse_stages("2x1x96x32,1x10x128x8"))
    assert config.epochs == 3
    assert [config.stage(epoch).frames for epoch in range(3)] == [1, 1, 10]


@pytest.mark.parametrize("text", ["60", "1x2x3", "axbxcxd", ""])
def test_stages_that_cannot_be_read(text: str) -> None:
    with pytest.raises(TrainingError, match=r"--stages must be EPOCHSxFRAMESxSIZExBATCH"):
        parse_stages(text)


def test_values_out_of_range() -> None:
    with pytest.raises(TrainingError, match="at least 1 for batch, but got 0"):
        parse_stages("1x1x96x0")
    with pytest.raises(TrainingError, match=r"--ema must be at least 0 and below 1, but got 1\.0"):
        OptimizerConfig(ema=1.0)


def test_a_config_from_before_a_section_was_there_is_read() -> None:
    saved = json.loads(Config(seed=3).to_json())
    del saved["compression"]
    assert config_from_json(json.dumps(saved)) == Config(seed=3)


@pytest.mark.parametrize(
    ("options", "clip"),
    [
        ((), ClipSpec()),
        (("--architecture", "videoxception-c"), ClipSpec()),
        (("--architecture", "videoxception-d"), ClipSpec(frames=5, size=(260, 260))),
        (("--architecture", "videoxception-d", "--clip-size", "224"), ClipSpec(frames=5, size=(224, 224))),
        (("--clip-frames", "3", "--clip-size", "64"), ClipSpec(frames=3, size=(64, 64))),
        (("--clip-window", "3.2", "--clip-frames", "16"), ClipSpec(frames=16, sampling=Window(length=3.2, step=0.2))),
        (
            ("--architecture", "eco_lite", "--clip-size", "112"),
            info("eco_lite").clip.model_copy(update={"size": (112, 112), "fit": Crop(short_side=112)}),
        ),
        (
            ("--architecture", "r3d_18", "--clip-size", "56"),
            info("r3d_18").clip.model_copy(update={"size": (56, 56), "fit": ResizeCrop(height=64, width=86)}),
        ),
    ],
)
def test_the_clip_is_the_architectures_unless_it_is_given(options: tuple[str, ...], clip: ClipSpec) -> None:
    config = parsed(*options)
    assert config.clip == clip
    assert config_from_json(config.to_json()).clip == clip


def test_what_a_network_is_built_for_comes_from_its_clip() -> None:
    stages = ("--stages", "2x8x64x4")
    config = parsed("--architecture", "vivit_tiny", "--clip-frames", "8", "--clip-size", "64", *stages)
    assert config.architecture_arguments == {"frames": 8, "size": 64}
    with pytest.raises(TrainingError, match=r"r2d_18 is built for clips of 16 frames of 112x112, .*30x16x112x8"):
        parsed("--architecture", "r2d_18", *stages)
    with pytest.raises(TrainingError, match="--architecture-args: frames is set by --clip-frames"):
        parsed("--architecture", "r2d_18", "--architecture-args", "frames=8")


def test_views_of_clips_are_of_one_length() -> None:
    frozen = ("--architecture", "videoxception-c", "--frozen-stages", "4", "--views", "2")
    assert parsed(*frozen, "--stages", "2x10x128x16").view_frames == 10
    with pytest.raises(TrainingError, match="give each stage the same frames and size"):
        parsed(*frozen, "--stages", "2x1x128x16,2x10x128x16")
    with pytest.raises(TrainingError, match="give each stage the same frames and size"):
        parsed(*frozen, "--stages", "2x10x64x16,2x10x128x16")
    with pytest.raises(
        TrainingError, match="--views of a network without frozen stages are stills; give each stage one frame"
    ):
        parsed("--views", "2", "--stages", "2x10x128x16")


def test_views_can_be_mixed_but_not_what_frozen_stages_made_of_them() -> None:
    views = ("--views", "2", "--stages", "2x1x128x16", "--mixup", "0.4")
    assert parsed(*views).mixing.mixup == 0.4
    with pytest.raises(TrainingError, match="frozen stages keep none"):
        parsed("--architecture", "videoxception-c", "--frozen-stages", "4", *views)


def test_arguments_of_the_architecture() -> None:
    config = parsed("--architecture-args", "temporal=false, width=1.5,blocks=3,name=x")
    assert config.architecture_arguments == {"temporal": False, "width": 1.5, "blocks": 3, "name": "x"}
    assert Config().architecture_arguments == {}


@pytest.mark.parametrize("text", ["temporal", "temporal=", "=false", "temporal=true,temporal=false"])
def test_arguments_that_cannot_be_read(text: str) -> None:
    with pytest.raises(TrainingError, match="--architecture-args must be NAME=VALUE"):
        Config(architecture_args=text)


@pytest.mark.parametrize("name", ["clip_frames", "clip_size"])
def test_a_clip_has_frames_and_pixels(name: str) -> None:
    with pytest.raises(TrainingError, match=f"--{name.replace('_', '-')} must be at least 1, but got 0"):
        ClipConfig(**{name: 0})


def test_commands_share_the_options_of_a_data_set() -> None:
    parser = argparse.ArgumentParser()
    add_data_options(parser, leave_out=("classes", "holdout"), required=("data",))
    options = parser.parse_args(["--data", "x", "--fold", "2", "--auxiliary", "c,d", "--skip-bad"])
    config = DataConfig(data="x", fold=2, auxiliary=("c", "d"), skip_bad=True, classes=("a", "b"))
    assert data_config_from_options(options, classes=("a", "b")) == config
    with pytest.raises(SystemExit):
        parser.parse_args(["--fold", "2"])
    with pytest.raises(SystemExit):
        parser.parse_args(["--data", "x", "--classes", "a,b"])
