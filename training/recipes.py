"""Named ways to train, each a function that gives a full config. Options given beside --recipe change single values."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from training.config.arguments import write_arguments
from training.config.augmentation import CameraConfig, ColorJitterConfig
from training.config.cache import CacheConfig
from training.config.clip import ClipConfig
from training.config.data import DataConfig
from training.config.distillation import TeacherConfig
from training.config.frozen import ALL_BUT_HEAD, FrozenConfig
from training.config.optimizer import OptimizerConfig
from training.config.schema import AUTO, Config
from training.config.stages import parse_stages
from training.data import synthetic_videos
from training.errors import TrainingError
from training.model.imagenet import PACKAGES
from videoxception.nets.registry import info

_A = "videoxception-a"
_AS_MADE = ClipConfig()


def default(architecture: str = _A, clip: ClipConfig = _AS_MADE) -> Config:
    """Return the best known: single small frames first, then clips; virtual camera, colour jitter, EMA.

    Other architectures than VideoXception see clips of the shape that they are released for, by `clip` or their own,
    from the first epoch on. Of those with a frozen network of frames a bank has its features of four views of each
    clip, so that an epoch takes seconds.
    """
    if architecture.startswith(_A[:-1]):
        return Config(architecture=architecture)
    _check_known(architecture)
    spec = clip.spec(architecture)
    shape = f"{spec.frames}x{spec.size[0]}"
    if info(architecture).frozen:
        return Config(
            architecture=architecture,
            clip_shape=clip,
            stages=parse_stages(f"60x{shape}x32"),
            frozen=FrozenConfig(views=4),
            optimizer=OptimizerConfig(lr=5e-4, ema=0.98),
        )
    return Config(architecture=architecture, clip_shape=clip, stages=parse_stages(f"45x{shape}x8"))


def source() -> Config:
    """Return what the network's authors did: AdamW at 0.01, three epochs of warm-up, batches of 64, no augmentation.

    Their cosine was laid out over 1,000 epochs and stopped early; here it is over the epochs that are run. Compare with
    their 59.5 % by --protocol source, and see docs/explanation/numbers.md for what that is worth.
    """
    epochs = 100
    return Config(
        stages=parse_stages(f"{epochs}x10x128x64"),
        dropout=0.0,
        camera=CameraConfig(min_area=1.0, aspect=0.0, angle=0.0, still_prob=1.0, cut_prob=0.0, drift=0.0, flip=False),
        color_jitter=ColorJitterConfig(brightness=0, contrast=0, saturation=0, tint=0, gray_prob=0, erase_prob=0),
        optimizer=OptimizerConfig(lr=0.01, warmup=3 / epochs, weight_decay=0.01, label_smoothing=0.0, ema=0.0),
    )


def smoke(architecture: str = _A) -> Config:
    """Return a test of the trainer: about a minute on two cores, on small videos that it makes itself.

    Other architectures than VideoXception A are of a reduced size. A frozen network of frames whose weights come with
    no package stays as it is initialised.
    """
    if architecture == _A:
        return _smoke_config(name="smoke", stages=parse_stages("8x1x32x16,2x10x64x12,1x10x128x12"))
    _check_known(architecture)
    small = info(architecture).small
    return _smoke_config(
        architecture=architecture,
        architecture_args=write_arguments(small.arguments),
        clip_shape=ClipConfig(clip_frames=small.frames, clip_size=small.size, clip_window=0),
        stages=parse_stages(f"10x{small.frames}x{small.size}x12"),
        pretrained=AUTO if architecture in PACKAGES or not info(architecture).frozen else "none",
    )


def _smoke_config(**fields: Any) -> Config:
    return Config(
        **fields,
        dropout=0.1,
        data=DataConfig(
            layout="folders",
            classes=synthetic_videos.CLASSES,
            group_pattern=synthetic_videos.GROUP_PATTERN,
            holdout=0.25,
        ),
        camera=CameraConfig(min_area=0.7, angle=0.0, drift=0.1, flip=False),
        optimizer=OptimizerConfig(lr=5e-3, ema=0.98),
    )


def linear() -> Config:
    """Return a new head on frozen ImageNet features of a bank of views; minutes on two cores, for -c (or -d at 260)."""
    return Config(
        architecture="videoxception-c",
        architecture_args="temporal=false",
        stages=parse_stages("30x1x128x256"),
        dropout=0.2,
        cache=CacheConfig(cache_size="240x320"),
        frozen=FrozenConfig(frozen_stages=ALL_BUT_HEAD, views=16, auxiliary_views=6),
        optimizer=OptimizerConfig(lr=2e-3, label_smoothing=0.0, ema=0.99),
    )


def finetune() -> Config:
    """Return what trains the late stages from `linear` (--init) on, taught by a larger network's head (--teacher)."""
    return replace(
        linear(),
        stages=parse_stages("6x1x128x64"),
        auxiliary_share=0.3,
        frozen=replace(linear().frozen, frozen_stages=4),
        teacher=TeacherConfig(teacher_weight=0.7),
        optimizer=replace(linear().optimizer, lr=5e-4, layer_decay=0.75),
    )


def student() -> Config:
    """Return what trains -a (or -b, --init of -a) on the views of a larger network (--teacher), by all that it says.

    Views show less than whole frames, so it learns from smaller ones than it is shown (https://arxiv.org/abs/1906.06423).
    """
    return Config(
        stages=parse_stages("46x1x64x64,30x1x96x64"),
        dropout=0.2,
        auxiliary_share=0.6,
        cache=linear().cache,
        frozen=replace(linear().frozen, frozen_stages=0),
        teacher=TeacherConfig(teacher_weight=0.9, teacher_features=1.0),
        optimizer=OptimizerConfig(label_smoothing=0.0, ema=0.998),
    )


def own() -> Config:
    """Return new heads of D or C on views of a folder of one's own clips; time and inner folds choose the type."""
    return replace(
        linear(),
        name="my-actions",
        architecture=AUTO,
        data=DataConfig(layout="own", holdout=0, skip_bad=True),
        stages=parse_stages("40x1x128x256"),
        frozen=FrozenConfig(frozen_stages=ALL_BUT_HEAD, views=16, auxiliary_views=6),
    )


def _check_known(architecture: str) -> None:
    """Raise `TrainingError` for an unknown architecture."""
    try:
        info(architecture)
    except ValueError as error:
        raise TrainingError(f"--architecture: {error}") from error


RECIPES: dict[str, Callable[..., Config]] = {
    recipe.__name__: recipe for recipe in (default, own, linear, finetune, student, source, smoke)
}


def recipe(name: str, architecture: str = "", clip: ClipConfig = _AS_MADE) -> Config:
    """Return the config of a recipe, for an architecture if one is named, and for what clip its model is shown.

    Raises `TrainingError` for unknown ones.
    """
    if name not in RECIPES:
        raise TrainingError(f"--recipe must be one of {', '.join(RECIPES)}, but got {name!r}")
    found = RECIPES[name]
    if architecture and found is default:
        return default(architecture, clip)
    return smoke(architecture) if architecture and found is smoke else found()
