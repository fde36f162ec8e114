import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from training.cache import shards
from training.cache.index import INDEX, Source
from training.cache.shards import shard_path
from training.cache.spec import CachedFrames, CacheSpec, read_spec
from training.cache.store import Cache, CacheWriter, writing
from training.errors import TrainingError
from videoxception.clip import ClipSpec, Frames

SPEC = CacheSpec(ClipSpec(frames=2, size=(4, 6)), 6, (8, 12))
SOURCE = Source(5, 7, "ab" * 32)


def pixels(number: int) -> tuple[Frames, CachedFrames]:
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, SPEC.clip_shape(False), np.uint8), rng.integers(
        0, 256, SPEC.copy_shape(False), np.uint8
    )


def add(writer: CacheWriter, *numbers: int) -> None:
    for number in numbers:
        writer.add(Path(f"/data/{number}.avi"), SOURCE, *pixels(number))


def check(folder: Path, *numbers: int) -> None:
    """The cache holds exactly these."""
    cache = Cache.open(folder)
    assert set(cache.entries) == {f"/data/{number}.avi" for number in numbers}
    for number in numbers:
        path = Path(f"/data/{number}.avi")
        assert path in cache
        assert np.array_equal(cache.clip(path), pixels(number)[0])
        assert np.array_equal(cache.copy(path), pixels(number)[1])
    assert list(cache.damaged()) == []


def test_what_was_written_is_read(tmp_path: Path) -> None:
    with writing(tmp_path / "new/cache", SPEC) as writer:
        add(writer, 1, 2)
    with writing(tmp_path / "new/cache", SPEC) as writer:
        add(writer, 3)
    check(tmp_path / "new/cache", 1, 2, 3)
    assert read_spec(tmp_path / "new/cache") == SPEC


def test_shards_are_of_a_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_LARGEST", SPEC.bytes_of(still=False) + 1)
    for numbers in ((1, 2, 3), (4, 5)):
        with writing(tmp_path, SPEC) as writer:
            add(writer, *numbers)
    check(tmp_path, 1, 2, 3, 4, 5)
    assert [shard_path(tmp_path, n).exists() for n in range(4)] == [True, True, True, False]


def test_pixels_that_the_index_does_not_know_are_written_over(tmp_path: Path) -> None:
    """As after a kill between the two."""
    with writing(tmp_path, SPEC) as writer:
        add(writer, 1)
    index = (tmp_path / INDEX).read_bytes()
    with writing(tmp_path, SPEC) as writer:
        add(writer, 2, 3)
    (tmp_path / INDEX).write_bytes(index + b"0123")
    check(tmp_path, 1)
    with writing(tmp_path, SPEC) as writer:
        add(writer, 4)
    check(tmp_path, 1, 4)
    assert shard_path(tmp_path, 0).stat().st_size == 2 * SPEC.bytes_of(still=False)


def test_nothing_is_named_before_it_is_committed(tmp_path: Path) -> None:
    with writing(tmp_path, SPEC) as writer:
        add(writer, 1)
        check(tmp_path)
        writer.commit()
        check(tmp_path, 1)


def test_what_was_added_is_kept_if_the_build_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with writing(tmp_path, SPEC) as writer:
            add(writer, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    check(tmp_path, 1)


def test_a_second_builder_waits_and_says_for_whom(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "training")

    def build() -> None:
        with writing(tmp_path, SPEC) as writer:
            add(writer, 2)

    with ThreadPoolExecutor() as pool:
        with writing(tmp_path, SPEC) as writer:
            second = pool.submit(build)
            deadline = time.monotonic() + 60
            while "waiting" not in caplog.text:
                assert not second.done()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            add(writer, 1)
        second.result(60)
    assert re.search(r"is being built by another process \(process \d+ on", caplog.text)
    check(tmp_path, 1, 2)


def test_another_kind_of_cache_is_refused(tmp_path: Path) -> None:
    with writing(tmp_path, SPEC):
        pass
    other = CacheSpec(SPEC.clip, 6, (16, 24))
    with pytest.raises(TrainingError, match=r"holds up to 6 frames of 8x12, not up to 6 frames of 16x24"):
        writing(tmp_path, other).__enter__()


def test_changed_pixels_are_found(tmp_path: Path) -> None:
    with writing(tmp_path, SPEC) as writer:
        add(writer, 1, 2)
    with shard_path(tmp_path, 0).open("r+b") as file:
        file.seek(-1, 2)
        file.write(bytes([255 - pixels(2)[1].flat[-1]]))
    assert list(Cache.open(tmp_path).damaged()) == ["/data/2.avi"]


def test_a_folder_without_a_cache(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"holds no cache; python -m training\.cache build makes one"):
        Cache.open(tmp_path)
    (tmp_path / "cache.json").write_text('{"format": 1}')
    with pytest.raises(TrainingError, match=r"cache\.json is damaged"):
        Cache.open(tmp_path)
    (tmp_path / "cache.json").write_text('{"format": 2}')
    with pytest.raises(TrainingError, match="has format 2, but this trainer reads 1"):
        Cache.open(tmp_path)
