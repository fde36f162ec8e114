from pathlib import Path

import pytest

from tests.videos import make_video


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small video."""
    return make_video(tmp_path_factory.mktemp("good") / "clip.mp4", "libx264", 30)


@pytest.fixture(scope="session")
def expensive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small file that takes long: one group of large frames, all of which refer to the one before."""
    options = {"preset": "ultrafast", "x264-params": "keyint=1000:scenecut=0"}
    path = tmp_path_factory.mktemp("expensive") / "clip.mp4"
    return make_video(path, "libx264", 500, size=(1280, 720), options=options, moving=True)
