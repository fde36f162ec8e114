"""What is compared: architectures and the way that each is trained on a few hundred clips."""

from dataclasses import replace

from training.config.augmentation import CameraConfig, ColorJitterConfig
from training.config.cache import CacheConfig
from training.config.clip import ClipConfig
from training.config.data import DataConfig
from training.config.frozen import FrozenConfig
from training.config.optimizer import OptimizerConfig
from training.config.schema import Config
from training.config.stages import parse_stages

_CAMERA = CameraConfig(min_area=0.6, angle=3.0, drift=0.1, cut_prob=0.0, still_prob=0.7)
_COLOURS = ColorJitterConfig(erase_prob=0.1, gray_prob=0.05)


def _frozen(backbone: str, size: int) -> Config:
    """Return a transformer over a frozen network's features of two views of each clip; an epoch takes seconds."""
    return Config(
        architecture=f"{backbone}_transformer",
        architecture_args="channels=192,block_dropout=0.2",
        stages=parse_stages(f"60x10x{size}x32"),
        dropout=0.3,
        frozen=FrozenConfig(views=2),
        optimizer=OptimizerConfig(lr=5e-4, ema=0.98),
    )


def _small(architecture: str) -> Config:
    """Return a network from scratch, with a quarter of the channels and small frames; an epoch takes seconds."""
    return Config(
        architecture=architecture,
        architecture_args="width=0.25",
        clip_shape=ClipConfig(clip_frames=10, clip_size=64),
        stages=parse_stages("20x10x64x16"),
        dropout=0.2,
        optimizer=OptimizerConfig(lr=2e-3, ema=0.98),
    )


def _fine_tuned(**changes: str) -> Config:
    """Return type C, its late stages trained on views of each clip, whose early stages are computed once."""
    return Config(
        architecture="videoxception-c",
        **changes,
        stages=parse_stages("15x10x128x16"),
        frozen=FrozenConfig(frozen_stages=4, views=4),
        optimizer=OptimizerConfig(lr=5e-4, layer_decay=0.8, ema=0.98),
    )


CONTESTANTS = {
    "lite0_transformer": _frozen("lite0", 160),
    "lite2_transformer": _frozen("lite2", 260),
    **{f"{name} at 64 px, quarter width": _small(name) for name in ("r2d_18", "eco_lite", "r2plus1d_18")},
    "videoxception-c": _fine_tuned(architecture_args="shift=0"),
    "videoxception-c with shifts": _fine_tuned(),
    "videoxception-c without time": _fine_tuned(architecture_args="temporal=false"),
}


def contestant(name: str, data: DataConfig) -> Config:
    """Return the whole config of a contestant on a data set."""
    return replace(CONTESTANTS[name], data=data, camera=_CAMERA, color_jitter=_COLOURS, cache=CacheConfig())
