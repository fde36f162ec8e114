"""What beginners get wrong: each a sentence that names the thing and the remedy."""

import shutil
from pathlib import Path
from zlib import crc32

import pytest

from tests.training.conftest import draw
from training.config.data import DataConfig
from training.data.dataset import Item
from training.data.loading import open_dataset
from training.errors import TrainingError
from training.own.checks import check_readable, check_source_videos, notes_on
from training.own.material import open_own_folder

RED = (200, 40, 40)


def config(root: Path, **changes: object) -> DataConfig:
    return DataConfig(data=str(root), layout="own", holdout=0, skip_bad=True, **changes)


def make(root: Path, *names: str) -> Path:
    """A folder with a still of each name."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        draw(root / name, RED, crc32(name.encode()))
    return root


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["jump/1.jpg"], "one class only, 'jump'.* add a folder of another action. If .*jump itself holds the folders"),
        (["1.jpg", "2.jpg"], "holds 2 clips but no folders: put the clips of each action into a folder"),
        ([], "holds no folder with videos or stills in it: make one for each action"),
    ],
)
def test_a_folder_without_two_classes(names: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=message):
        open_own_folder(config(make(tmp_path, *names)))


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not there; name the folder that holds a folder of each action"):
        open_own_folder(config(tmp_path / "none"))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TrainingError, match="is a file; name the folder"):
        open_own_folder(config(tmp_path / "file"))


def test_an_empty_class(tmp_path: Path) -> None:
    root = make(tmp_path, "jump/1.jpg", "run/1.jpg")
    (root / "walk").mkdir()
    (root / "walk/notes.txt").write_text("none yet")
    with pytest.raises(TrainingError, match="walk holds no video or still; put some there, or remove the folder"):
        open_own_folder(config(root))


def test_what_is_taken_and_what_is_passed_over(tmp_path: Path) -> None:
    """Spaces, other alphabets, capital endings, nested folders and links are taken; hidden files are not."""
    root = make(
        tmp_path / "own clips", "high jump/A.JPG", "высота/день 1/б.jpg", "высота/день 2/в.jpg", "high jump/.x.jpg"
    )
    elsewhere = make(tmp_path / "elsewhere", "far.jpg", "linked/l.jpg")
    (root / "high jump/link.jpg").symlink_to(elsewhere / "far.jpg")
    (root / "走る").symlink_to(elsewhere / "linked")
    dataset = open_own_folder(config(root))
    assert dataset.config.classes == ("high jump", "высота", "走る")
    names = [item.path.name for item in dataset.part(None).items]
    assert names == ["A.JPG", "link.jpg", "б.jpg", "в.jpg", "l.jpg"]


def test_copies_of_one_file_are_one_source_video(tmp_path: Path) -> None:
    root = make(tmp_path, "jump/0.jpg", "run/1.jpg", "run/2.jpg")
    for copy in range(1, 10):
        shutil.copy(root / "jump/0.jpg", root / f"jump/{copy}.jpg")
    data = open_own_folder(config(root)).part(None)
    with pytest.raises(
        TrainingError, match=r"class 'jump' has 10 clips, all of one source video, .* add clips of another"
    ):
        check_source_videos(data.items, ("jump", "run"))


def test_one_clip_a_class(tmp_path: Path) -> None:
    data = open_own_folder(config(make(tmp_path, "jump/1.jpg", "run/2.jpg"))).part(None)
    with pytest.raises(TrainingError, match="class 'jump' has one clip of one source video"):
        check_source_videos(data.items, ("jump", "run"))


def item(name: str) -> Item:
    return Item(Path(name), Path(name).parent.name, name)


def test_files_that_are_no_videos() -> None:
    items = [item("jump/1.mp4"), item("jump/2.mp4"), item("run/1.mp4")]
    bad = {items[0].path: "not a video", items[2].path: "the file is empty"}
    with pytest.raises(
        TrainingError, match=r"none of the 1 files of class 'run' .* the first is run/1.mp4: the file is"
    ):
        check_readable(items, bad)
    check_readable(items[:2], bad)
    assert next(iter(notes_on(items[:2], ("jump",), bad))) == "left out jump/1.mp4: not a video"


def test_few_and_uneven_clips_are_said() -> None:
    items = [item(f"jump/{k}.mp4") for k in range(30)] + [item(f"run/{k}.mp4") for k in range(4)]
    few, uneven = notes_on(items, ("jump", "run"), {})
    assert few == "fewer than 10 clips of run (4): the figures say little of these classes"
    assert uneven == "jump has 30 clips and run 4: classes weigh the same in training"


def test_the_folder_other_is_none_of_the_classes(tmp_path: Path) -> None:
    root = make(tmp_path, "jump/1.jpg", "run/1.jpg", "_other/deep/1.jpg")
    dataset = open_own_folder(config(root))
    assert (dataset.config.classes, dataset.config.auxiliary) == (("jump", "run"), ("_other",))
    with pytest.raises(TrainingError, match=r"_other and --auxiliary .* both show none of the classes"):
        open_own_folder(config(root, auxiliary=("all",), auxiliary_data=str(root)))


def test_names_and_parts_are_read(tmp_path: Path) -> None:
    root = make(tmp_path, "train/jump/a_g01_c01.jpg", "train/jump/a_g01_c02.jpg", "train/run/b.jpg", "test/run/c.jpg")
    dataset = open_dataset(config(root))
    assert [item.group for item in dataset.part("train").items] == [
        "train/jump/a_g01",
        "train/jump/a_g01",
        "train/run/b.jpg",
    ]
    assert [item.path.name for item in dataset.part("test").items] == ["c.jpg"]
