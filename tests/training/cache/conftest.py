"""Small videos in the layout of UCF-101."""

from pathlib import Path

import pytest

from tests.videos import make_video

CLASSES = ("Bowling", "Punch")
GROUPS, CLIPS = 3, 2


@pytest.fixture
def videos_root(tmp_path: Path) -> Path:
    """<Class>/v_<Class>_gGG_cCC.avi, every one of another length."""
    root = tmp_path / "videos"
    for number, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for k in range(GROUPS * CLIPS):
            path = root / name / f"v_{name}_g{k // CLIPS + 1:02d}_c{k % CLIPS + 1:02d}.avi"
            make_video(path, "mpeg4", 24 + 2 * k + number, moving=True)
    return root


@pytest.fixture
def videos(videos_root: Path) -> list[Path]:
    return sorted(videos_root.glob("*/*.avi"))
