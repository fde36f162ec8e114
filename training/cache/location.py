"""Which cache a run uses, and what copies it holds."""

import hashlib
from pathlib import Path

from training.cache.spec import CacheSpec, read_spec
from training.config.cache import CacheConfig, parse_size
from training.config.clip import describe
from training.errors import TrainingError
from training.names import to_bytes
from videoxception.clip import ClipSpec, ResizeCrop


def locate(data: Path, clip: ClipSpec, config: CacheConfig, folder: Path | None) -> tuple[Path, CacheSpec]:
    """Return the cache's folder and what it holds, or is to hold.

    By default, runs on the same data with the same settings share a folder, and its copies are somewhat larger than
    the clips: three times the frames, 9/8 of the height and 3/2 of the width; where clips are cut out of scaled frames,
    as large as those.

    Raises:
        TrainingError: the settings are not those of the cache that is there.
    """
    size = parse_size("--cache-size", config.cache_size) if config.cache_size else _copy_size(clip)
    asked = CacheSpec(clip, config.cache_frames or 3 * clip.frames, size)
    if folder is None:
        key = f"{data.absolute()} {asked} {clip.model_dump_json()}"
        folder = Path("caches") / f"{data.absolute().name}-{hashlib.sha256(to_bytes(key)).hexdigest()[:8]}"
    found = read_spec(folder)
    if found is not None:
        check_asked(folder, found, clip, config)
    return folder, found or asked


def _copy_size(clip: ClipSpec) -> tuple[int, int]:
    if isinstance(clip.fit, ResizeCrop):
        return clip.fit.height, clip.fit.width
    height, width = clip.size
    return 9 * height // 8, 3 * width // 2


def check_asked(folder: Path, found: CacheSpec, clip: ClipSpec, config: CacheConfig) -> None:
    """Raise `TrainingError` if a cache or pack does not hold what the settings, where given, ask for."""
    if found.clip != clip:
        raise TrainingError(
            f"{folder} holds clips of another kind ({describe(found.clip)}) than this model is shown"
            f" ({describe(clip)}); name another with --cache, or change --clip-frames and --clip-size"
        )
    if config.cache_frames not in (None, found.frames):
        raise TrainingError(f"{folder} holds {found}, but --cache-frames asks for {config.cache_frames}")
    if config.cache_size and parse_size("--cache-size", config.cache_size) != found.size:
        raise TrainingError(f"{folder} holds {found}, but --cache-size asks for {config.cache_size}")


def settings(spec: CacheSpec) -> CacheConfig:
    """Return the settings that name what a cache holds, for the run's config."""
    return CacheConfig(cache_frames=spec.frames, cache_size=f"{spec.size[0]}x{spec.size[1]}")
