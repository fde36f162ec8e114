"""What a training run is asked to do: frozen dataclasses, checked where they are made, saved beside the checkpoint.

Every field becomes an option of `python -m training.run`, with the field's `help` as its text.
"""

import dataclasses
import json
import re
from dataclasses import dataclass, field
from typing import Any

from training.errors import TrainingError
from videoxception.manifest import NAME_PATTERN


def option(default: Any, text: str) -> Any:
    """A dataclass field that the command line offers, with its help text."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Some epochs on clips of one size: few small frames first, all of them at full size last."""

    epochs: int
    frames: int
    size: int  # height; the width follows the clip's shape
    batch: int

    def __post_init__(self) -> None:
        for name in ("epochs", "frames", "size", "batch"):
            if getattr(self, name) < 1:
                raise TrainingError(f"a stage needs at least 1 for {name}, but got {getattr(self, name)}")

    def __str__(self) -> str:
        return f"{self.epochs}x{self.frames}x{self.size}x{self.batch}"


def parse_stages(text: str) -> tuple[Stage, ...]:
    """Stages from "EPOCHSxFRAMESxSIZExBATCH,...": "60x1x96x32,4x10x128x16". Raises `TrainingError`."""
    try:
        numbers = [[int(n) for n in part.split("x")] for part in text.split(",")]
        return tuple(Stage(epochs=e, frames=p, size=s, batch=b) for e, p, s, b in numbers)
    except ValueError as error:
        raise TrainingError(
            f"--stages must be EPOCHSxFRAMESxSIZExBATCH[,...] (60x1x96x32,4x10x128x16), but got {text!r}"
        ) from error


def _check_shares(config: Any, *names: str) -> None:
    """Raises `TrainingError` for a field that is not between 0 and 1."""
    for name in names:
        if not 0 <= getattr(config, name) <= 1:
            raise TrainingError(f"--{name.replace('_', '-')} must be from 0 to 1, but got {getattr(config, name)}")


# Fields that say where data lie: another place on each machine, which says nothing of what they are.
PLACES = ("data", "auxiliary_data", "groups", "annotations")

LAYOUTS = ("ucf101", "kinetics400", "msr-daily", "folders", "stills")


@dataclass(frozen=True, kw_only=True, slots=True)
class DataConfig:
    """Which files to train on, and which of them to hold out."""

    data: str = option("", "folder of the data set")
    layout: str = option("ucf101", f"how the data set lies on disk: {', '.join(LAYOUTS)}")
    protocol: str = option(
        "",
        "who is trained on and who is held out, if the layout knows several ways: official, source or groups for"
        " ucf101, cross-subject or source for msr-daily",
    )
    classes: tuple[str, ...] = option(
        (),
        "comma-separated classes in the order of the model's outputs, or all (default: the 16 actions for ucf101 and"
        " stills, all for other layouts)",
    )
    auxiliary: tuple[str, ...] = option(
        (),
        "comma-separated classes that are trained on and never predicted, or all that are there beside --classes: by"
        " them the network learns to recognise videos of none of its classes",
    )
    auxiliary_data: str = option("", "folder of the auxiliary classes, laid out like --data (default: the same folder)")
    groups: str = option(
        "", "FILE:COLUMN, a table that tells each file's source video (its column path names the file)"
    )
    group_pattern: str = option(
        "", "regular expression: what its brackets catch in a file's path below the data folder is its source video"
    )
    fold: int | None = option(None, "fold of the --groups table: training holds it out, evaluation scores it alone")
    holdout: float = option(
        0.2,
        "share of each class's source videos to hold out where neither --fold nor the protocol tells; 0 trains on all",
    )
    annotations: str = option(
        "",
        "folder of UCF-101's list files (trainlist01.txt, ...; without it, all videos found are used) or of Kinetics'"
        " annotations (train.csv, ...; without it, the data folder's own)",
    )
    split: int = option(1, "which of UCF-101's three official splits")
    skip_bad: bool = option(False, "go on without files that cannot be read, and list them at the end")

    def __post_init__(self) -> None:
        if not 0 <= self.holdout < 1:
            raise TrainingError(f"--holdout must be at least 0 and below 1, but got {self.holdout}")
        if self.layout not in LAYOUTS:
            raise TrainingError(f"--layout must be one of {', '.join(LAYOUTS)}, but got {self.layout!r}")
        if self.split not in (1, 2, 3):
            raise TrainingError(f"--split must be 1, 2 or 3, but got {self.split}")
        if len(set(self.classes)) != len(self.classes) or (len(self.classes) == 1 and self.classes != ("all",)):
            raise TrainingError(
                f"--classes must name at least two classes, each once, or be all, but got {', '.join(self.classes)}"
            )
        if len(set(self.auxiliary)) != len(self.auxiliary) or set(self.auxiliary) & set(self.classes):
            raise TrainingError(
                f"--auxiliary must name classes that --classes does not, each once, but got {', '.join(self.auxiliary)}"
            )
        if self.auxiliary_data and not self.auxiliary:
            raise TrainingError("--auxiliary-data means nothing without --auxiliary, which names classes, or says all")
        if self.groups and self.group_pattern:
            raise TrainingError("--groups and --group-pattern both tell the source videos; give one of them")
        _check_pattern(self.group_pattern)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the network's outputs stand for: the classes, then the others."""
        return (*self.classes, *self.auxiliary)


def _check_pattern(pattern: str) -> None:
    """Raises `TrainingError` for a --group-pattern that cannot be used."""
    try:
        if pattern and re.compile(pattern).groups == 0:
            raise TrainingError(f"--group-pattern must have brackets around what is the group, but got {pattern!r}")
    except re.error as error:
        raise TrainingError(f"--group-pattern {pattern!r} is not a regular expression: {error}") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheConfig:
    """The larger copies that a cache holds for augmentation. What is not given is as the cache has it already."""

    cache_frames: int | None = option(None, "frames of a video's larger copy (default: the cache's own, or 30)")
    cache_size: str = option("", "HEIGHTxWIDTH of the larger copies (default: the cache's own, or 144x192)")

    def __post_init__(self) -> None:
        if self.cache_frames is not None and self.cache_frames < 1:
            raise TrainingError(f"--cache-frames must be at least 1, but got {self.cache_frames}")
        if self.cache_size:
            parse_size("--cache-size", self.cache_size)


def parse_size(option_name: str, text: str) -> tuple[int, int]:
    """(height, width) from "144x192". Raises `TrainingError`."""
    match = re.fullmatch(r"([1-9]\d{0,3})x([1-9]\d{0,3})", text)
    if match is None:
        raise TrainingError(f"{option_name} must be HEIGHTxWIDTH in pixels (144x192), but got {text!r}")
    return int(match[1]), int(match[2])


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraConfig:
    """How the virtual camera moves over a frame (or over every frame of a video, in step)."""

    min_area: float = option(0.3, "smallest share of the frame that the camera takes in")
    aspect: float = option(0.35, "largest change of shape, as a log of width over height")
    angle: float = option(8.0, "tilt of the camera in degrees, standard deviation")
    still_prob: float = option(0.3, "share of clips in which the camera does not move")
    cut_prob: float = option(0.2, "share of clips with a cut to another view")
    drift: float = option(0.3, "how far the camera travels within a clip, in shares of its view, standard deviation")
    flip: bool = option(True, "mirror half of the clips")

    def __post_init__(self) -> None:
        if not 0 < self.min_area <= 1:
            raise TrainingError(f"--min-area must be above 0 and at most 1, but got {self.min_area}")
        _check_shares(self, "still_prob", "cut_prob")


@dataclass(frozen=True, kw_only=True, slots=True)
class ColorJitterConfig:
    """How colours change from clip to clip; within one clip they stay as they are."""

    brightness: float = option(0.4, "largest relative change of brightness")
    contrast: float = option(0.4, "largest relative change of contrast")
    saturation: float = option(0.4, "largest relative change of saturation")
    tint: float = option(0.1, "largest relative change of one colour channel against the others")
    gray_prob: float = option(0.1, "share of clips in black and white")
    erase_prob: float = option(0.3, "share of clips with a rectangle covered")

    def __post_init__(self) -> None:
        _check_shares(self, "brightness", "contrast", "saturation", "tint", "gray_prob", "erase_prob")


@dataclass(frozen=True, kw_only=True, slots=True)
class RandAugmentConfig:
    """RandAugment: operations on light, colour and sharpness, drawn for each clip."""

    rand_ops: int = option(0, "operations of RandAugment on each clip")
    rand_magnitude: float = option(0.5, "their strength, from 0 to 1")
    rand_drift: float = option(0.5, "largest relative change of that strength towards a clip's first and last frame")

    def __post_init__(self) -> None:
        if self.rand_ops < 0:
            raise TrainingError(f"--rand-ops must be at least 0, but got {self.rand_ops}")
        _check_shares(self, "rand_magnitude", "rand_drift")


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressionConfig:
    """What small size and compression take away from a video."""

    downscale_prob: float = option(0.0, "share of clips that are blurred as if filmed up to three times smaller")
    compress_prob: float = option(0.0, "share of clips with the blocks of a coder")

    def __post_init__(self) -> None:
        _check_shares(self, "downscale_prob", "compress_prob")


@dataclass(frozen=True, kw_only=True, slots=True)
class MixupConfig:
    """Mixup and cutmix: clips of two videos in one."""

    mixup: float = option(0.0, "alpha of mixup's beta distribution (small: mostly one video; 1: any mixture); 0: none")
    cutmix: float = option(0.0, "alpha of cutmix's beta distribution; 0: none")
    mix_prob: float = option(1.0, "share of batches that are mixed")

    def __post_init__(self) -> None:
        for name in ("mixup", "cutmix"):
            if not getattr(self, name) >= 0:
                raise TrainingError(f"--{name} must be at least 0, but got {getattr(self, name)}")
        _check_shares(self, "mix_prob")


@dataclass(frozen=True, kw_only=True, slots=True)
class TeacherConfig:
    """Distillation from models that are trained."""

    teacher: str = option(
        "", "released models, NAME[@VERSION], or folders of finished runs to learn from: ONE[,ANOTHER...]"
    )
    teacher_weight: float = option(0.5, "share of the loss that is the teacher's; the rest is the labels'")
    teacher_temperature: float = option(2.0, "how much the teacher's probabilities are softened")

    def __post_init__(self) -> None:
        _check_shares(self, "teacher_weight")
        if not self.teacher_temperature > 0:
            raise TrainingError(f"--teacher-temperature must be positive, but got {self.teacher_temperature}")

    @property
    def names(self) -> tuple[str, ...]:
        """The teachers, one by one."""
        return tuple(name.strip() for name in self.teacher.split(",") if name.strip())


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimizerConfig:
    """AdamW or SGD with warm-up and a cosine to zero, and a running average of the weights."""

    algorithm: str = option("adamw", "adamw, or sgd with momentum")
    lr: float = option(3e-3, "peak learning rate")
    momentum: float = option(0.9, "SGD's momentum")
    warmup: float = option(0.03, "share of all steps in which the learning rate rises to its peak")
    weight_decay: float = option(0.05, "weight decay, on weights of convolutions and of the head")
    clip_norm: float = option(2.0, "largest norm of a step's gradient")
    label_smoothing: float = option(0.1, "share of each target spread over all classes")
    ema: float = option(0.995, "decay a step of the weights' running average, which is what is released; 0: the last")

    def __post_init__(self) -> None:
        if self.algorithm not in ("adamw", "sgd"):
            raise TrainingError(f"--algorithm must be adamw or sgd, but got {self.algorithm!r}")
        if not 0 <= self.ema < 1:
            raise TrainingError(f"--ema must be at least 0 and below 1, but got {self.ema}")
        _check_shares(self, "warmup", "label_smoothing", "momentum")
        if not self.lr > 0:
            raise TrainingError(f"--lr must be positive, but got {self.lr}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """A whole run."""

    architecture: str = option("videoxception-a", "videoxception-a or videoxception-b")
    name: str = option("", "name of the released model (default: the architecture's)")
    stages: tuple[Stage, ...] = option(
        parse_stages("60x1x96x32,12x4x128x16,8x10x128x8"),
        "EPOCHSxFRAMESxSIZExBATCH[,...]: few small frames first, the model's own last",
    )
    init: str = option("", "start from the weights of a released model, NAME[@VERSION], or of another run's folder")
    init_share: float = option(
        0.0, "share of those weights in what is released: somewhere between them and the trained ones may be better"
    )
    auxiliary_share: float | None = option(
        None, "share of --auxiliary in each epoch, which draws that many of them anew (default: an epoch has them all)"
    )
    dropout: float = option(0.5, "share of pooled features dropped in training")
    stochastic_depth: float = option(0.0, "share of clips for which the last block is skipped; earlier ones less often")
    seed: int = option(0, "seed of everything that is drawn")
    grad_accum_steps: int = option(
        1, "parts of each batch, one after the other, to save memory; torchrun's processes share them"
    )
    compile: bool = option(
        False,
        "have the network compiled by torch.compile: minutes at the start of a stage, and not quicker on every machine",
    )
    fused: bool = option(False, "run the network's blocks by this project's own GPU kernels; not with --compile")
    keep: int = option(1, "newest checkpoints that are kept")
    data: DataConfig = DataConfig()
    cache: CacheConfig = CacheConfig()
    camera: CameraConfig = CameraConfig()
    color_jitter: ColorJitterConfig = ColorJitterConfig()
    randaugment: RandAugmentConfig = RandAugmentConfig()
    compression: CompressionConfig = CompressionConfig()
    mixing: MixupConfig = MixupConfig()
    teacher: TeacherConfig = TeacherConfig()
    optimizer: OptimizerConfig = OptimizerConfig()

    def __post_init__(self) -> None:
        _check_shares(self, "dropout", "stochastic_depth", "init_share")
        if self.init_share and not self.init:
            raise TrainingError("--init-share means nothing without --init, which names the weights to start from")
        for name in ("grad_accum_steps", "keep"):
            if getattr(self, name) < 1:
                raise TrainingError(f"--{name} must be at least 1, but got {getattr(self, name)}")
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
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)

    def stage(self, epoch: int) -> Stage:
        """The stage that an epoch, counted from 0, belongs to."""
        for stage in self.stages:
            if epoch < stage.epochs:
                return stage
            epoch -= stage.epochs
        raise IndexError(epoch)

    def to_json(self) -> str:
        """The config as it is saved in a run's folder."""
        return json.dumps(dataclasses.asdict(self), indent=2)


SECTIONS = {
    "data": DataConfig,
    "cache": CacheConfig,
    "camera": CameraConfig,
    "color_jitter": ColorJitterConfig,
    "randaugment": RandAugmentConfig,
    "compression": CompressionConfig,
    "mixing": MixupConfig,
    "teacher": TeacherConfig,
    "optimizer": OptimizerConfig,
}


def config_from_json(text: str) -> Config:
    """The config that `Config.to_json` wrote, maybe before some sections were there: those are as they are by default.

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
