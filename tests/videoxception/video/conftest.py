from pathlib import Path

import pytest

from tests.videos import lengthen, make_video


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small video."""
    return make_video(tmp_path_factory.mktemp("good") / "clip.mp4", "libx264", 30)


@pytest.fixture(scope="session")
def expensive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that takes much work: one group of large frames, all of which refer to the one before."""
    folder = tmp_path_factory.mktemp("expensive")
    short = make_video(folder / "short.avi", "mpeg4", 50, size=(1280, 720), gop=50, moving=True)
    return lengthen(short, folder / "clip.avi", 60)
