"""Settings of a whole run: frozen dataclasses, checked where they are made, saved beside the checkpoint.

Every field becomes an option of `python -m training.run`, with the field's `help` as its text.
"""

import dataclasses
import json
import re
from dataclasses import dataclass, field
from typing import Any

from training.config.arguments import Argument, parse_arguments
from training.config.augmentation import (
    CameraConfig,
    ColorJitterConfig,
    CompressionConfig,
    MixupConfig,
    RandAugmentConfig,
)
from training.config.cache import CacheConfig
from training.config.clip import ClipConfig, describe
from training.config.data import DataConfig
from training.config.distillation import TeacherConfig
from training.config.frozen import FrozenConfig
from training.config.optimizer import OptimizerConfig
from training.config.option import check_shares, option
from training.config.stages import Stage, parse_stages
from training.errors import TrainingError
from videoxception.clip import ClipSpec
from videoxception.manifest import NAME_PATTERN
from videoxception.nearest import did_you_mean
from videoxception.nets.registry import ARCHITECTURES, clip_arguments, info

AUTO = "auto"
"""The architecture that a folder of one's own is given by what time and folds say: type C or D."""

OF_FRAMES = ("videoxception-d", "videoxception-c")
"""Types that heads for a folder of one's own are trained on, the most accurate first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """A whole run."""

    architecture: str = option(
        "videoxception-a",
        "the network, one of those that videoxception nets lists; auto, for a folder of one's own: videoxception-d or"
        " -c, by time and folds",
    )
    architecture_args: str = option(
        "",
        "arguments that shape the architecture, NAME=VALUE[,...]: temporal=false leaves out the convolutions over time"
        " of videoxception-c and -d; width=0.25 of most others takes a quarter of the channels",
    )
    name: str = option("", "name of the released model (default: the architecture's)")
    stages: tuple[Stage, ...] = option(
        parse_stages("60x1x96x32,12x4x128x16,8x10x128x8"),
        "EPOCHSxFRAMESxSIZExBATCH[,...]: few small frames first, the model's own last",
    )
    pretrained: str = option(
        "auto",
        "published weights to begin with: imagenet or kinetics, of architectures that have such (videoxception nets);"
        " none; a file of them; auto: those that come with the extra `pretrained` (videoxception-c, -d and the"
        " transformers on lite0 and lite2), unless --init names others, else none",
    )
    init: str = option("", "start from the weights of a released model, NAME[@VERSION], or of another run's folder")
    init_share: float = option(
        0.0, "share of those weights in what is released, the rest being the trained ones (WiSE-FT)"
    )
    auxiliary_share: float | None = option(
        None, "share of auxiliary classes in each epoch, drawn anew for each (default: every epoch has them all)"
    )
    dropout: float = option(0.5, "share of pooled features dropped in training")
    stochastic_depth: float = option(0.0, "share of clips for which the last block is skipped; earlier ones less often")
    seed: int = option(0, "seed of everything that is drawn")
    grad_accum_steps: int = option(
        1, "micro-batches of each batch, one after the other, to save memory; torchrun's processes share them"
    )
    compile: bool = option(
        False,
        "compile the network by torch.compile: takes minutes at the start of a stage, and is not quicker everywhere",
    )
    fused: bool = option(False, "run the network's blocks by this project's own GPU kernels; not with --compile")
    keep: int = option(1, "newest checkpoints that are kept")
    clip_shape: ClipConfig = field(default_factory=ClipConfig)
    data: DataConfig = field(default_factory=DataConfig)
    cache: CacheConfig = field(default_factory=CacheConfig)
    camera: CameraConfig = field(default_factory=CameraConfig)
    color_jitter: ColorJitterConfig = field(default_factory=ColorJitterConfig)
    randaugment: RandAugmentConfig = field(default_factory=RandAugmentConfig)
    compression: CompressionConfig = field(default_factory=CompressionConfig)
    mixing: MixupConfig = field(default_factory=MixupConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    frozen: FrozenConfig = field(default_factory=FrozenConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)

    def __post_init__(self) -> None:
        check_shares(self, "dropout", "stochastic_depth", "init_share")
        _check_architecture(self)
        _check_views(self)
        if self.init and self.pretrained not in ("auto", "none"):
            raise TrainingError("--init and --pretrained both name the weights to begin with; leave one of them out")
        for name in ("grad_accum_steps", "keep"):
            if getattr(self, name) < 1:
                raise TrainingError(f"--{name.replace('_', '-')} must be at least 1, but got {getattr(self, name)}")
        if self.auxiliary_share is not None and not 0 < self.auxiliary_share < 1:
            raise TrainingError(f"--auxiliary-share must be above 0 and below 1, but got {self.auxiliary_share}")
        if self.fused and self.compile:
            raise TrainingError("--fused and --compile both replace PyTorch's own kernels; leave one of them out")
        if not re.fullmatch(NAME_PATTERN, self.model_name):
            raise TrainingError(f"--name may be made of a-z, 0-9, '.', '_' and '-', but got {self.name!r}")

    @property
    def model_name(self) -> str:
        """The name that the model is released under."""
        return self.name or self.architecture

    @property
    def architecture_arguments(self) -> dict[str, Argument]:
        """What `nets.create` is called with, beside what options of their own say."""
        return {**parse_arguments(self.architecture_args), **clip_arguments(self._known, self.clip)}

    @property
    def banked(self) -> bool:
        """Whether training begins with what a bank has of views, and not with their pixels."""
        return self.frozen.views > 0 and (self.frozen.frozen_stages > 0 or bool(info(self._known).frozen))

    @property
    def view_frames(self) -> int:
        """Frames of each of --views: 1, of stills; those of the stages, where a bank has what a trunk makes of each."""
        return self.stages[-1].frames if self.banked else 1

    @property
    def clip(self) -> ClipSpec:
        """The clip that the released model is shown."""
        return self.clip_shape.spec(self._known)

    @property
    def _known(self) -> str:
        """The architecture; until auto has chosen one, the first that it tries."""
        return "videoxception-c" if self.architecture == AUTO else self.architecture

    @property
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)

    def stage(self, epoch: int) -> Stage:
        """Return the stage that an epoch, counted from 0, belongs to."""
        for stage in self.stages:
            if epoch < stage.epochs:
                return stage
            epoch -= stage.epochs
        raise IndexError(epoch)

    def to_json(self) -> str:
        """Return the config as it is saved in a run's folder."""
        return json.dumps(dataclasses.asdict(self), indent=2)


def _check_architecture(config: Config) -> None:
    """Raise `TrainingError` for an unknown one, or for a stage whose clips one built for a single shape cannot take."""
    if config.architecture == AUTO:
        if config.data.layout != "own":
            raise TrainingError("--architecture auto is for a folder of one's own; videoxception nets lists the others")
        return
    if config.architecture not in ARCHITECTURES:
        raise TrainingError(
            f"--architecture: no architecture is called {config.architecture!r}"
            f"{did_you_mean(config.architecture, ARCHITECTURES)}; videoxception nets lists all"
        )
    own = parse_arguments(config.architecture_args)
    whole = {"frames": config.clip.frames, "size": config.clip.size[0]}
    for name in info(config.architecture).clip_arguments:
        if name in own:
            raise TrainingError(f"--architecture-args: {name} is set by --clip-{name}")
        for stage in config.stages:
            if getattr(stage, name) != whole[name]:
                raise TrainingError(
                    f"--stages: {config.architecture} is built for clips of {describe(config.clip)}, so that each stage"
                    f" must have them (30x{config.clip.frames}x{config.clip.size[0]}x8), but got {stage}"
                )


def _check_views(config: Config) -> None:
    """Raise `TrainingError` for options that do not go together with --views."""
    if not config.frozen.views:
        if config.teacher.teacher_features:
            raise TrainingError("--teacher-features needs --views: what teachers make of them is computed once")
        return
    if config.view_frames > 1 and config.teacher.names:
        raise TrainingError("--teacher teaches from views of stills, and here --views are clips; leave one of them out")
    sizes = {stage.size for stage in config.stages}
    if any(stage.frames != config.view_frames for stage in config.stages) or (config.banked and len(sizes) > 1):
        raise TrainingError(_one_shape(config))
    if config.banked and (config.mixing.mixup or config.mixing.cutmix):
        raise TrainingError("--mixup and --cutmix mix pixels, and of --views frozen stages keep none; leave one out")


def _one_shape(config: Config) -> str:
    """Say why stages cannot have these frames and sizes."""
    if config.banked:
        return "--views computes what frozen stages make of a clip once; give each stage the same frames and size"
    return (
        "--views of a network without frozen stages are stills; give each stage one frame (--stages 30x1x128x64), or"
        " train on clips without --views"
    )


SECTIONS = {
    "clip_shape": ClipConfig,
    "data": DataConfig,
    "cache": CacheConfig,
    "camera": CameraConfig,
    "color_jitter": ColorJitterConfig,
    "randaugment": RandAugmentConfig,
    "compression": CompressionConfig,
    "mixing": MixupConfig,
    "teacher": TeacherConfig,
    "frozen": FrozenConfig,
    "optimizer": OptimizerConfig,
}


def config_from_json(text: str) -> Config:
    """Read the config that `Config.to_json` wrote; sections that were not there yet have their defaults.

    Raises `TrainingError` for anything else.
    """
    try:
        saved = json.loads(text)
        sections = {name: kind(**_tuples(saved.pop(name, {}))) for name, kind in SECTIONS.items()}
        stages = tuple(Stage(**stage) for stage in saved.pop("stages"))
        return Config(**saved, **sections, stages=stages)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrainingError(f"the saved config does not fit this version of the trainer: {error}") from error


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
