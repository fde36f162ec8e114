"""A build that is killed at any moment leaves no wrong entry, and the next one goes on from there."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.videos import make_video
from training.cache.build import prepare
from training.cache.index import INDEX
from training.cache.shards import shard_path
from training.cache.spec import CacheSpec
from training.cache.store import Cache
from videoxception.clip import ClipSpec
from videoxception.video import decode

ROOT = Path(__file__).parent.parent.parent.parent
SPEC = CacheSpec(ClipSpec(), 30, (144, 192))
_VIDEOS = 26


@pytest.fixture
def many(tmp_path: Path) -> list[Path]:
    (tmp_path / "videos").mkdir()
    return [make_video(tmp_path / f"videos/{n:02}.avi", "mpeg4", 30 + n, moving=True) for n in range(_VIDEOS)]


def start(folder: Path, videos: Path) -> "subprocess.Popen[bytes]":
    script = (
        "import sys; from pathlib import Path; from training.cache.build import prepare;"
        "from training.cache.spec import CacheSpec; from videoxception.clip import ClipSpec;"
        "prepare(Path(sys.argv[1]), CacheSpec(ClipSpec(), 30, (144, 192)), sorted(Path(sys.argv[2]).iterdir()), False)"
    )
    return subprocess.Popen([sys.executable, "-c", script, str(folder), str(videos)], cwd=ROOT)


def test_kill_after_kill(many: list[Path], tmp_path: Path) -> None:
    """Kills while pixels are written, each time a little further on than what the build before had come to."""
    folder = tmp_path / "cache"
    shard, held = shard_path(folder, 0), [0]
    for further in (1, 9 * 2**20, 20 * 2**20, 5 * 2**20):
        before = shard.stat().st_size if shard.exists() else 0
        process = start(folder, tmp_path / "videos")
        while not shard.exists() or shard.stat().st_size < before + further:
            assert process.poll() is None
            time.sleep(0.002)
        process.kill()
        process.wait()
        cache = Cache.open(folder)
        held.append(len(cache.entries))
        assert list(cache.damaged()) == []
    assert held == sorted(held)
    assert 0 < held[-1] < _VIDEOS
    cache, _ = prepare(folder, SPEC, many, skip_bad=False)
    for path in many:
        assert np.array_equal(cache.clip(path), decode(path, SPEC.clip).frames)
        assert np.array_equal(cache.copy(path).transpose(0, 2, 3, 1), decode(path, SPEC.larger).frames)
    assert len((folder / INDEX).read_bytes().splitlines()) == _VIDEOS
    assert shard.stat().st_size == _VIDEOS * SPEC.bytes_of(still=False)
