"""Settings of the cache."""

import re
from dataclasses import dataclass

from training.config.option import option
from training.errors import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheConfig:
    """The larger copies in a cache, from which clips are cropped; by default as the cache has them already."""

    cache_frames: int | None = option(
        None, "frames of a video's larger copy (default: the cache's own, or three times those of a clip)"
    )
    cache_size: str = option(
        "", "HEIGHTxWIDTH of the larger copies (default: the cache's own, or 9/8 and 3/2 of a clip's)"
    )

    def __post_init__(self) -> None:
        if self.cache_frames is not None and self.cache_frames < 1:
            raise TrainingError(f"--cache-frames must be at least 1, but got {self.cache_frames}")
        if self.cache_size:
            parse_size("--cache-size", self.cache_size)


def parse_size(option_name: str, text: str) -> tuple[int, int]:
    """Parse (height, width) from "144x192". Raises `TrainingError`."""
    match = re.fullmatch(r"([1-9]\d{0,3})x([1-9]\d{0,3})", text)
    if match is None:
        raise TrainingError(f"{option_name} must be HEIGHTxWIDTH in pixels (144x192), but got {text!r}")
    return int(match[1]), int(match[2])
