from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.conftest import CLASSES, CLIPS, GROUPS
from training.config import DataConfig
from training.data import load_data, load_split
from training.data.ucf101 import read_list, source_video, ucf101
from training.errors import TrainingError
from videoxception.actions import ACTIONS


def stills(root: Path, **changes: object) -> DataConfig:
    return DataConfig(**{"data": str(root), "layout": "stills", "classes": CLASSES, **changes})


def test_stills_tell_their_source_videos_by_their_names(stills_root: Path) -> None:
    data = load_data(stills(stills_root))
    assert len(data) == len(CLASSES) * GROUPS * CLIPS
    assert data.items[0].group == "v_Bowling_g01"
    assert data.targets == sorted(data.targets)
    assert len(set(data.groups)) == len(CLASSES) * GROUPS


def test_a_table_knows_better(stills_root: Path) -> None:
    data = load_data(stills(stills_root, groups="FOLDS.tsv:video"))
    assert len(set(data.groups)) == len(CLASSES) * (GROUPS - 1)
    assert {item.fold for item in data.items} == {0, 1, 2}


@pytest.mark.parametrize("seed", range(5))
def test_no_source_video_is_on_both_sides(seed: int, stills_root: Path) -> None:
    split = load_split(stills(stills_root, groups="FOLDS.tsv:video", holdout=0.4), seed)
    assert not set(split.training.groups) & set(split.validation.groups)
    assert len(split.training) + len(split.validation) == len(CLASSES) * GROUPS * CLIPS
    assert {item.label for item in split.validation.items} == set(CLASSES)


def test_a_fold_is_held_out_whole(stills_root: Path) -> None:
    split = load_split(stills(stills_root, groups="FOLDS.tsv:video", fold=1), 0)
    assert {item.fold for item in split.validation.items} == {1}
    assert {item.fold for item in split.training.items} == {0, 2}


def test_nothing_need_be_held_out(stills_root: Path) -> None:
    split = load_split(stills(stills_root, holdout=0), 0)
    assert len(split.validation) == 0


MISTAKES: dict[str, tuple[dict[str, object], str]] = {
    "no data": ({"data": ""}, "--data DIR"),
    "a wrong path": ({"data": "/nowhere"}, "no folder /nowhere"),
    "an unknown class": ({"classes": ("Bowling", "Chess")}, "class 'Chess' has no folder in .*which holds Bowling"),
    "an unknown fold": ({"groups": "FOLDS.tsv:video", "fold": 7}, r"--fold 7 holds nothing out: .*\[0, 1, 2\]"),
    "a fold without a table": ({"fold": 1}, "needs folds: name a table"),
    "a table without a column": ({"groups": "FOLDS.tsv:scene"}, "no column 'scene'; its columns are path, class"),
    "a missing table": ({"groups": "GROUPS.tsv:video"}, "GROUPS.tsv of --groups cannot be read"),
    "no colon": ({"groups": "FOLDS.tsv"}, "must be FILE:COLUMN"),
    "a share over one": ({"holdout": 1.5}, "--holdout must be at least 0 and below 1, but got 1.5"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(mistake: str, stills_root: Path) -> None:
    changes, message = MISTAKES[mistake]
    with pytest.raises(TrainingError, match=message):
        load_split(stills(stills_root, **changes), 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layout": "movies"}, "--layout must be stills or ucf101, but got 'movies'"),
        ({"split": 4}, "--split must be 1, 2 or 3, but got 4"),
        ({"classes": ("Punch", "Punch")}, "each once, but got Punch, Punch"),
    ],
)
def test_options_that_do_not_fit_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        DataConfig(**changes)


def test_an_empty_class_is_named(tmp_path: Path, stills_root: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
    (tmp_path / "Bowling/v_Bowling_g01_c01.jpg").touch()
    with pytest.raises(TrainingError, match=r"Drumming holds no file that ends in .*\.jpg"):
        load_data(stills(tmp_path))


def test_names_that_tell_no_source_video_are_refused(tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").touch()
    with pytest.raises(TrainingError, match=r"a\.jpg is not named as UCF-101 names its files .*--groups"):
        load_data(stills(tmp_path))


def test_a_class_with_one_source_video_cannot_be_split(tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        (tmp_path / name / f"v_{name}_g01_c01.jpg").touch()
    with pytest.raises(TrainingError, match="only one source video"):
        load_split(stills(tmp_path), 0)


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("v_Punch_g08_c01.avi", "v_Punch_g08"),
        ("v_HandStandPushups_g01_c04.avi", "v_HandStandPushups_g01"),
        ("v_YoYo_g25_c10.jpg", "v_YoYo_g25"),
    ],
)
def test_source_videos(name: str, video: str) -> None:
    assert source_video(Path("x") / name) == video


@pytest.fixture
def make_ucf101(tmp_path: Path) -> Callable[..., Path]:
    """Makes UCF-101's tree with empty files; lists end in CRLF and test lists carry no label."""

    def make(train: list[str], test: list[str]) -> Path:
        for name in train + test:
            (tmp_path / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "videos" / name).touch()
        lists = tmp_path / "ucfTrainTestlist"
        lists.mkdir()
        (lists / "trainlist01.txt").write_bytes("".join(f"{name} 1\r\n" for name in train).encode())
        (lists / "testlist01.txt").write_bytes("".join(f"{name}\r\n" for name in test).encode())
        return lists

    return make


def test_official_lists(make_ucf101: Callable[..., Path], tmp_path: Path) -> None:
    classes = ("HandstandPushups", "Punch")
    train = ["HandstandPushups/v_HandStandPushups_g08_c01.avi", "Punch/v_Punch_g08_c01.avi", "Yo/v_Yo_g08_c01.avi"]
    test = ["HandstandPushups/v_HandStandPushups_g01_c01.avi", "Punch/v_Punch_g01_c01.avi"]
    lists = make_ucf101(train, test)
    training = ucf101(tmp_path / "videos", classes, lists, 1, "train")
    testing = ucf101(tmp_path / "videos", classes, lists, 1, "test")
    assert [item.path.name for item in training.items] == ["v_HandStandPushups_g08_c01.avi", "v_Punch_g08_c01.avi"]
    assert [item.label for item in testing.items] == list(classes)
    assert len(ucf101(tmp_path / "videos", classes, None, 1, "train")) == 4


def test_a_listed_video_that_is_not_there_is_named(make_ucf101: Callable[..., Path], tmp_path: Path) -> None:
    lists = make_ucf101(["Punch/v_Punch_g08_c01.avi", "Punch/v_Punch_g09_c01.avi"], [])
    (tmp_path / "videos/Punch/v_Punch_g09_c01.avi").unlink()
    with pytest.raises(TrainingError, match=r"1 of the 2 videos .* the first .*v_Punch_g09_c01\.avi"):
        ucf101(tmp_path / "videos", ("Punch",), lists, 1, "train")


def test_a_class_that_the_list_does_not_know_is_named(make_ucf101: Callable[..., Path], tmp_path: Path) -> None:
    lists = make_ucf101(["Punch/v_Punch_g08_c01.avi"], [])
    with pytest.raises(TrainingError, match="no video of class 'Kick'"):
        ucf101(tmp_path / "videos", ("Punch", "Kick"), lists, 1, "train")


@pytest.mark.parametrize(("split", "train", "test"), [(1, 1842, 724), (2, 1853, 713), (3, 1851, 715)])
def test_the_real_lists_count_what_is_known(split: int, train: int, test: int, real_clips: Path) -> None:
    lists = real_clips / "ucf101_lists"
    parts = {
        part: [name for name in read_list(lists / f"{part}list{split:02d}.txt") if name.split("/")[0] in ACTIONS]
        for part in ("train", "test")
    }
    assert (len(parts["train"]), len(parts["test"])) == (train, test)
    videos = {part: {source_video(Path(name)) for name in names} for part, names in parts.items()}
    assert not videos["train"] & videos["test"]


def test_the_real_stills_have_five_folds(real_clips: Path) -> None:
    config = DataConfig(data=str(real_clips / "ucf101_stills"), layout="stills", groups="FOLDS.tsv:video", fold=4)
    split = load_split(config, 0)
    assert (len(split.training), len(split.validation)) == (1470, 371)
