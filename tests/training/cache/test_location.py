from fractions import Fraction
from pathlib import Path

import pytest

from training.cache.location import locate, settings
from training.cache.spec import CacheSpec, write_spec
from training.config.cache import CacheConfig
from training.errors import TrainingError
from videoxception.clip import ClipSpec, ResizeCrop, Stretch, Timeline, Window, choose

CLIP = ClipSpec()
SMALL = CacheSpec(CLIP, 10, (96, 128))


def test_runs_on_the_same_data_and_settings_share_a_cache() -> None:
    folder, spec = locate(Path("/data/UCF-101"), CLIP, CacheConfig(), None)
    assert spec == CacheSpec(CLIP, 30, (144, 192))
    assert folder.parent == Path("caches")
    assert folder.name.startswith("UCF-101-")
    assert locate(Path("/data/UCF-101"), CLIP, CacheConfig(cache_frames=30), None) == (folder, spec)
    assert locate(Path("/other/UCF-101"), CLIP, CacheConfig(), None)[0] != folder
    assert locate(Path("/data/UCF-101"), CLIP, CacheConfig(cache_size="96x128"), None)[0] != folder


def test_copies_grow_with_the_clip() -> None:
    large = ClipSpec(frames=5, size=(260, 260))
    folder, spec = locate(Path("/data/UCF-101"), large, CacheConfig(), None)
    assert spec == CacheSpec(large, 15, (292, 390))
    assert folder != locate(Path("/data/UCF-101"), CLIP, CacheConfig(), None)[0]


def test_copies_are_whole_frames_of_the_moments_around_a_clips() -> None:
    """Of a clip that is cut out of scaled frames, what it is cut out of; of a window, its own frames among others."""
    clip = ClipSpec(
        frames=16,
        size=(112, 112),
        fit=ResizeCrop(height=128, width=171),
        sampling=Window(length=3.68, step=0.23),
    )
    _, spec = locate(Path("/data"), clip, CacheConfig(), None)
    assert (spec.size, spec.larger.fit) == ((128, 171), Stretch())
    timeline = Timeline(range(300), [1] * 300, Fraction(1, 30))
    assert choose(timeline, spec.larger)[1::3] == choose(timeline, clip)


def test_a_cache_that_is_there_tells_its_own_settings(tmp_path: Path) -> None:
    write_spec(tmp_path, SMALL)
    assert locate(Path("/data"), CLIP, CacheConfig(), tmp_path) == (tmp_path, SMALL)
    assert locate(Path("/data"), CLIP, settings(SMALL), tmp_path) == (tmp_path, SMALL)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (CacheConfig(cache_frames=30), "holds up to 10 frames of 96x128, but --cache-frames asks for 30"),
        (CacheConfig(cache_size="144x192"), "holds up to 10 frames of 96x128, but --cache-size asks for 144x192"),
    ],
)
def test_settings_that_are_not_the_caches_are_refused(asked: CacheConfig, message: str, tmp_path: Path) -> None:
    write_spec(tmp_path, SMALL)
    with pytest.raises(TrainingError, match=message):
        locate(Path("/data"), CLIP, asked, tmp_path)


def test_clips_of_another_kind_are_refused(tmp_path: Path) -> None:
    write_spec(tmp_path, SMALL)
    with pytest.raises(TrainingError, match="holds clips of another kind"):
        locate(Path("/data"), ClipSpec(frames=8), CacheConfig(), tmp_path)


@pytest.mark.parametrize("size", ["144", "144x", "0x10", "144x192x3", "axb"])
def test_a_size_that_cannot_be_read(size: str) -> None:
    with pytest.raises(TrainingError, match="--cache-size must be HEIGHTxWIDTH in pixels"):
        CacheConfig(cache_size=size)
