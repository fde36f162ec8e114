"""How small the copies in a pack are, and which sizes are tried for one that must not be larger than allowed."""

from dataclasses import dataclass

from training.cache.spec import CacheSpec
from training.config.cache import parse_size
from training.errors import TrainingError

_SHRINKS = (1.0, 5 / 6, 2 / 3, 1 / 2)


@dataclass(frozen=True, slots=True)
class Packing:
    """Frames of a video, their size (height, width), and their JPEG quality."""

    frames: int
    size: tuple[int, int]
    quality: int

    def __str__(self) -> str:
        return f"up to {self.frames} frames of {self.size[0]}x{self.size[1]} at JPEG quality {self.quality}"


def packings(spec: CacheSpec, frames: int | None, size: str, quality: int | None) -> list[Packing]:
    """List the packings to try, the best first: sharpness goes before size, size before frames between the clip's own.

    Args:
        spec: what the cache holds.
        frames: of a video; None: as many as fit.
        size: HEIGHTxWIDTH of a frame; empty: the largest that fits.
        quality: of the JPEGs; None: the best that fits.

    Raises:
        TrainingError: a value is out of range.
    """
    if frames is not None and not 1 <= frames <= spec.frames:
        raise TrainingError(f"--frames must be from 1 to the cache's {spec.frames}, but got {frames}")
    if quality is not None and not 1 <= quality <= 100:
        raise TrainingError(f"--quality must be from 1 to 100, but got {quality}")
    counts = [frames] if frames else [spec.frames, min(spec.clip.frames, spec.frames)]
    sizes = [parse_size("--size", size)] if size else [_shrink(spec.size, by) for by in _SHRINKS]
    qualities = [quality] if quality else [90, 80, 70]
    return [Packing(count, one, best) for count in counts for one in sizes for best in qualities]


def _shrink(size: tuple[int, int], by: float) -> tuple[int, int]:
    return max(1, round(size[0] * by)), max(1, round(size[1] * by))
