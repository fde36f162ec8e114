import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from training.cache import build
from training.cache import decode as decoding
from training.cache.build import prepare
from training.cache.spec import CacheSpec
from training.cache.store import Cache
from training.errors import TrainingError
from videoxception.clip import ClipSpec
from videoxception.video import decode
from videoxception.video.still import read_still

SPEC = CacheSpec(ClipSpec(), 30, (36, 48))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were decoded, as they come to be."""
    seen: list[Path] = []
    real = decoding.decode_all

    def noted(paths: Sequence[Path], spec: CacheSpec, processes: int):
        seen.extend(paths)
        return real(paths, spec, processes)

    monkeypatch.setattr(decoding, "decode_all", noted)
    return seen


def check(cache: Cache, paths: Sequence[Path]) -> None:
    """Every entry is what the file decodes to now."""
    for path in paths:
        assert np.array_equal(cache.clip(path), decode(path, SPEC.clip).frames), path
        assert np.array_equal(cache.copy(path).transpose(0, 2, 3, 1), decode(path, SPEC.larger).frames), path


def test_both_parts_are_what_the_decoder_gives(videos: list[Path], tmp_path: Path) -> None:
    cache, bad = prepare(tmp_path / "cache", SPEC, videos, skip_bad=False)
    assert bad == {}
    check(cache, videos)


def test_the_larger_copy_holds_the_services_own_frames_as_3i_plus_1(videos: list[Path], tmp_path: Path) -> None:
    spec = CacheSpec(ClipSpec(), 30, ClipSpec().size)
    cache, _ = prepare(tmp_path / "cache", spec, videos[:1], skip_bad=False)
    assert np.array_equal(cache.copy(videos[0])[1::3].transpose(0, 2, 3, 1), cache.clip(videos[0]))


def test_a_still_has_one_frame(stills_root: Path, tmp_path: Path) -> None:
    paths = sorted(stills_root.glob("Punch/*.jpg"))
    cache, _ = prepare(tmp_path / "cache", SPEC, paths, skip_bad=False)
    assert np.array_equal(cache.clip(paths[3]), read_still(paths[3], ClipSpec(size=(128, 128)))[None])
    assert np.array_equal(cache.copy(paths[3])[0].transpose(1, 2, 0), read_still(paths[3], ClipSpec(size=(36, 48))))


def test_what_is_there_is_not_decoded_again(videos: list[Path], tmp_path: Path, decoded: list[Path]) -> None:
    prepare(tmp_path / "cache", SPEC, videos[:4], skip_bad=False)
    prepare(tmp_path / "cache", SPEC, videos, skip_bad=False)
    assert decoded == videos
    cache, _ = prepare(tmp_path / "cache", SPEC, videos, skip_bad=False)
    assert decoded == videos
    check(cache, videos)


def test_a_changed_file_is_decoded_anew(videos: list[Path], tmp_path: Path, decoded: list[Path]) -> None:
    prepare(tmp_path / "cache", SPEC, videos, skip_bad=False)
    decoded.clear()
    shutil.copy(videos[1], videos[0])
    os.utime(videos[2])  # touched, but the same
    videos[3].rename(moved := videos[3].with_name("v_Bowling_g09_c01.avi"))
    videos[3] = moved
    content = videos[4].read_bytes()
    videos[4].write_bytes(content[:-1] + bytes([content[-1] ^ 1]))  # of the same size
    cache, _ = prepare(tmp_path / "cache", SPEC, videos, skip_bad=False)
    assert decoded == [videos[4]]
    check(cache, videos)


def test_a_broken_video_is_named_or_listed(videos: list[Path], tmp_path: Path, decoded: list[Path]) -> None:
    videos[0].write_text("no video")
    with pytest.raises(TrainingError, match=rf"^{videos[0]} cannot be read: .* \(--skip-bad goes on without it\)"):
        prepare(tmp_path / "cache", SPEC, videos, skip_bad=False)
    assert len(Cache.open(tmp_path / "cache").entries) == len(videos)  # the others are there now
    decoded.clear()
    cache, bad = prepare(tmp_path / "cache", SPEC, videos, skip_bad=True)
    assert list(bad) == [videos[0]]
    assert decoded == []
    check(cache, videos[1:])
    with pytest.raises(TrainingError):
        prepare(tmp_path / "cache", SPEC, videos, skip_bad=False)
    assert decoded == [videos[0]]  # who wants all files has it tried again


def test_a_file_that_is_gone_or_was_broken_by_a_change_is_not_taken_from_the_cache(
    videos: list[Path], tmp_path: Path
) -> None:
    prepare(tmp_path / "cache", SPEC, videos, skip_bad=False)
    videos[0].unlink()
    videos[1].write_text("no video")
    _, bad = prepare(tmp_path / "cache", SPEC, videos, skip_bad=True)
    assert list(bad) == videos[:2]
    with pytest.raises(TrainingError, match=f"2 of {len(videos)} files cannot be used; --skip-bad goes on without"):
        prepare(tmp_path / "cache", SPEC, videos, skip_bad=False)


def test_nothing_at_all_is_an_error(videos: list[Path], tmp_path: Path) -> None:
    videos[0].write_text("no video")
    with pytest.raises(TrainingError, match="none of the 1 files can be used"):
        prepare(tmp_path / "cache", SPEC, videos[:1], skip_bad=True)


def test_a_disk_that_is_too_small_is_noticed_before(
    videos: list[Path], tmp_path: Path, decoded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=int(0.25e9))
    monkeypatch.setattr(build.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(TrainingError, match=r"needs 0\.28 GB for 12 files .* has 0\.25 GB free.*--cache-frames 10"):
        prepare(tmp_path / "cache", SPEC, videos, skip_bad=False)
    assert decoded == []
