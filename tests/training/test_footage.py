from pathlib import Path

import numpy as np
import pytest

from tests.videos import make_video
from training.data.items import DataSet, Item
from training.errors import TrainingError
from training.footage import load_clips, load_footage
from videoxception.clip import ClipSpec
from videoxception.video import decode

SPEC = ClipSpec()


@pytest.fixture
def videos(tmp_path: Path) -> DataSet:
    paths = [make_video(tmp_path / f"v_Punch_g0{n}_c01.avi", "mpeg4", 35 + n) for n in range(2)]
    return DataSet(tuple(Item(path, "Punch", path.stem) for path in paths), ("Bowling", "Punch"))


def test_the_larger_copy_holds_the_services_own_pictures_as_3i_plus_1(videos: DataSet) -> None:
    footage, skipped = load_footage(videos, SPEC, skip_bad=False)
    assert footage.pictures.shape == (2, 30, 3, 192, 256)
    assert footage.targets.tolist() == [1, 1]
    assert skipped == []
    of_service = decode(videos.items[0].path, SPEC).frames
    larger = footage.pictures[0, 1::3].permute(0, 2, 3, 1).numpy()
    assert np.abs(larger.mean((1, 2, 3)) - of_service.mean((1, 2, 3))).max() < 1


def test_evaluation_uses_the_services_clips(videos: DataSet) -> None:
    clips, kept, _ = load_clips(videos, SPEC, skip_bad=False)
    assert kept == videos
    assert np.array_equal(clips[1], decode(videos.items[1].path, SPEC).frames)


def test_a_still_is_its_picture_ten_times(stills_root: Path) -> None:
    path = stills_root / "Punch/v_Punch_g01_c01.jpg"
    clips, _, _ = load_clips(DataSet((Item(path, "Punch", "x"),), ("Bowling", "Punch")), SPEC, skip_bad=False)
    assert clips.shape == (1, 10, 128, 128, 3)
    assert (clips == clips[:, :1]).all()


def test_a_bad_video_is_named_or_listed(videos: DataSet, tmp_path: Path) -> None:
    bad = videos.items[0].path
    bad.write_text("no video")
    with pytest.raises(TrainingError, match=f"{bad} cannot be read"):
        load_footage(videos, SPEC, skip_bad=False)
    footage, skipped = load_footage(videos, SPEC, skip_bad=True)
    assert len(footage) == 1
    assert skipped[0].startswith(str(bad))
