import os
import threading
from pathlib import Path

import numpy as np
import pytest

from videoxception.clip import ClipSpec
from videoxception.video import Limits, TooLarge, decode
from videoxception.video.pool import DecoderPool
from videoxception.video.source import open_source


def pipe(folder: Path, content: bytes) -> tuple[Path, threading.Thread]:
    """A named pipe that somebody writes into."""
    path = folder / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(content,))
    writer.start()
    return path, writer


@pytest.mark.parametrize("pooled", [True, False])
def test_a_pipe_gives_what_the_file_gives(pooled: bool, good: Path, tmp_path: Path) -> None:
    path, writer = pipe(tmp_path, good.read_bytes())
    if pooled:
        with DecoderPool(1) as pool:
            clip = pool.decode(path, ClipSpec())
    else:
        clip = decode(path, ClipSpec())
    writer.join()
    assert np.array_equal(clip.frames, decode(good, ClipSpec()).frames)


def test_a_pipe_without_end_is_too_large() -> None:
    with pytest.raises(TooLarge, match="more to read than the limit of 3,000,000 bytes"):
        decode(Path("/dev/zero"), ClipSpec(), Limits(bytes=3_000_000))


def test_a_file_is_not_copied(good: Path) -> None:
    with open_source(good, 1) as file:
        assert os.path.samestat(os.fstat(file.fileno()), good.stat())
