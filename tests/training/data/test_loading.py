from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.conftest import CLASSES, CLIPS, GROUPS
from training.config.data import LAYOUTS, DataConfig
from training.data.dataset import DataSet, Item
from training.data.loading import open_dataset
from training.data.readers.base import Listing
from training.data.readers.registry import LAYOUTS as READERS
from training.data.splits import Split, random_rows, split_by_group
from training.errors import TrainingError


def stills(root: Path, **changes: object) -> DataConfig:
    return DataConfig(**{"data": str(root), "layout": "stills", "classes": CLASSES, **changes})


def test_stills_tell_their_source_videos_by_their_names(stills_root: Path) -> None:
    data = open_dataset(stills(stills_root)).part()
    assert len(data) == len(CLASSES) * GROUPS * CLIPS
    assert data.items[0].group == "v_Bowling_g01"
    assert data.targets == sorted(data.targets)
    assert len(set(data.groups)) == len(CLASSES) * GROUPS


def test_a_table_knows_better(stills_root: Path) -> None:
    data = open_dataset(stills(stills_root, groups="FOLDS.tsv:video")).part()
    assert len(set(data.groups)) == len(CLASSES) * (GROUPS - 1)
    assert {item.fold for item in data.items} == {0, 1, 2}


@pytest.mark.parametrize("seed", range(5))
def test_no_source_video_is_on_both_sides(seed: int, stills_root: Path) -> None:
    split = open_dataset(stills(stills_root, groups="FOLDS.tsv:video", holdout=0.4)).split(seed)
    assert not set(split.training.groups) & set(split.validation.groups)
    assert len(split.training) + len(split.validation) == len(CLASSES) * GROUPS * CLIPS
    assert {item.label for item in split.validation.items} == set(CLASSES)


def test_a_fold_is_held_out_whole(stills_root: Path) -> None:
    split = open_dataset(stills(stills_root, groups="FOLDS.tsv:video", fold=1)).split(0)
    assert {item.fold for item in split.validation.items} == {1}
    assert {item.fold for item in split.training.items} == {0, 2}


def test_nothing_need_be_held_out(stills_root: Path) -> None:
    split = open_dataset(stills(stills_root, holdout=0)).split(0)
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
    "lists for stills": ({"annotations": "x"}, "--annotations means nothing to --layout stills"),
    "an unknown protocol": ({"protocol": "mine"}, "--protocol must be groups for --layout stills, but got 'mine'"),
    "a pattern that finds nothing": ({"group_pattern": "(x[0-9])"}, r"finds nothing in Bowling/v_Bowling_g01_c01\.jpg"),
    "a share over one": ({"holdout": 1.5}, "--holdout must be at least 0 and below 1, but got 1.5"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(mistake: str, stills_root: Path) -> None:
    changes, message = MISTAKES[mistake]
    with pytest.raises(TrainingError, match=message):
        open_dataset(stills(stills_root, **changes)).split(0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layout": "movies"}, "--layout must be one of ucf101, .*stills, own, but got 'movies'"),
        ({"split": 4}, "--split must be 1, 2 or 3, but got 4"),
        ({"classes": ("Punch", "Punch")}, "each once, or be all, but got Punch, Punch"),
        ({"classes": ("Punch",)}, "at least two classes, .* but got Punch"),
        ({"group_pattern": "g[0-9]+"}, "must have brackets around what is the group"),
        ({"group_pattern": "(g"}, r"'\(g' is not a regular expression"),
        ({"group_pattern": "(g)", "groups": "a:b"}, "give one of them"),
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
        open_dataset(stills(tmp_path)).part()


def test_names_that_tell_no_source_video_are_refused(tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").touch()
    with pytest.raises(TrainingError, match=r"a\.jpg is not named as UCF-101 names its files .*--groups"):
        open_dataset(stills(tmp_path)).part()


def test_a_class_with_one_source_video_cannot_be_split(tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        (tmp_path / name / f"v_{name}_g01_c01.jpg").touch()
    with pytest.raises(TrainingError, match="only one source video"):
        open_dataset(stills(tmp_path)).split(0)


def test_a_pattern_tells_the_source_videos(stills_root: Path) -> None:
    data = open_dataset(stills(stills_root, group_pattern=r"^(\w+)/.*_g(\d+)_")).part()
    assert data.items[0].group == "Bowling/01"
    assert len(set(data.groups)) == len(CLASSES) * GROUPS


def test_every_layout_has_a_reader() -> None:
    assert set(LAYOUTS) == set(READERS)


def test_all_classes_are_those_that_are_there(stills_root: Path) -> None:
    assert open_dataset(stills(stills_root, classes=("all",))).config.classes == CLASSES
    assert len(open_dataset(stills(stills_root, classes=())).config.classes) == 16


def test_scored_items_are_of_the_classes_and_the_fold_at_hand(stills_root: Path) -> None:
    config = stills(stills_root, groups="FOLDS.tsv:video", fold=1, classes=("Archery", *CLASSES))
    data, protocol, notes = open_dataset(config).scored()
    assert {item.fold for item in data.items} == {1}
    assert data.classes == ("Archery", *CLASSES)
    assert (protocol, notes) == ("groups: fold 1", ())
    with pytest.raises(TrainingError, match="no items in the fold 7; a table"):
        open_dataset(stills(stills_root, groups="FOLDS.tsv:video", fold=7)).scored()
    with pytest.raises(TrainingError, match="holds nothing of any of the classes Archery, Yoga"):
        open_dataset(stills(stills_root, classes=("Archery", "Yoga"))).scored()


def items(label: str, *groups: str) -> list[Item]:
    return [Item(Path(f"{label}-{group}"), label, group) for group in groups]


def test_a_source_of_several_classes_is_held_out_of_them_all() -> None:
    everyone = ("s1", "s2", "s3", "s4", "s5")
    data = DataSet((*items("walk", *everyone), *items("sit", *everyone)), ("walk", "sit"))
    split = split_by_group(data, 0.4, seed=3)
    assert len(split.validation) == 4
    assert not set(split.training.groups) & set(split.validation.groups)


def test_only_a_split_that_says_so_may_leak() -> None:
    one, other = (DataSet(tuple(items("walk", "s1", group)), ("walk", "sit")) for group in ("s2", "s3"))
    assert Split(one, other, "source", leaky=True).leaky
    with pytest.raises(TrainingError, match="source video s1 is in the training and in the validation part"):
        Split(one, other, "groups")


def test_random_parts_are_drawn_as_scikit_learn_draws_them() -> None:
    # train_test_split(range(10), train_size=0.7, random_state=42)[1]
    assert random_rows(10, 0.3) == {8, 1, 5}
    assert len(random_rows(1842, 0.3)) == 553


def test_the_real_stills_have_five_folds(real_clips: Path) -> None:
    config = DataConfig(data=str(real_clips / "ucf101_stills"), layout="stills", groups="FOLDS.tsv:video", fold=4)
    split = open_dataset(config).split(0)
    assert (len(split.training), len(split.validation)) == (1470, 371)


def test_a_data_set_is_listed_once_whatever_is_asked_of_it(stills_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[tuple[str, ...]] = []
    layout = READERS["stills"]

    def load(config: DataConfig, classes: Sequence[str]) -> Listing:
        listed.append(tuple(classes))
        return layout.load(config, classes)

    monkeypatch.setitem(READERS, "stills", replace(layout, load=load))
    dataset = open_dataset(stills(stills_root, classes=CLASSES[:2], auxiliary=("all",)))
    assert dataset.config.auxiliary == CLASSES[2:]
    assert len(dataset.part()) == len(dataset.split(0).training) + len(dataset.split(0).held_out)
    assert listed == [CLASSES[:2], CLASSES[2:]]


def test_without_auxiliary_classes_there_is_nothing_ood(stills_root: Path) -> None:
    assert [len(data) for data in open_dataset(stills(stills_root)).ood()] == [0, 0]
