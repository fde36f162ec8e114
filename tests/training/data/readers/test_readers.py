"""Each layout on a small tree that is named exactly as the real data set is."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.config.data import DataConfig
from training.data.dataset import Item
from training.data.decode import read_all
from training.data.groups import read_groups
from training.data.loading import open_dataset
from training.data.readers.base import Listing
from training.data.readers.msr_daily import ACTIVITIES
from training.data.readers.registry import LAYOUTS
from training.data.readers.ucf101 import check_parts, join_known_videos, read_list, source_video
from training.data.readers.ucf101_same_video import SETS, first_of
from training.data.splits import leak
from training.errors import TrainingError
from videoxception.actions import ACTIONS


def touch(root: Path, names: Iterable[str]) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def clips(name: str, groups: Iterable[int], spelt: str = "", count: int = 4) -> list[str]:
    return [f"{name}/v_{spelt or name}_g{g:02d}_c{c:02d}.avi" for g in groups for c in range(1, count + 1)]


# UCF-101 ------------------------------------------------------------------------------------------------------------

TRAIN = clips("HandstandPushups", range(8, 12), "HandStandPushups") + clips("Punch", range(8, 12))
TEST = clips("HandstandPushups", range(1, 3), "HandstandPushups") + clips("Punch", range(1, 3))


@pytest.fixture
def make_ucf101(tmp_path: Path) -> Callable[..., DataConfig]:
    """Makes UCF-101's tree with empty files; lists end in CRLF and test lists carry no label."""

    def make(train: list[str] = TRAIN, test: list[str] = TEST, **changes: object) -> DataConfig:
        touch(tmp_path / "UCF-101", train + test)
        annotations = tmp_path / "ucfTrainTestlist"
        annotations.mkdir()
        (annotations / "trainlist01.txt").write_bytes("".join(f"{name} 1\r\n" for name in train).encode())
        (annotations / "testlist01.txt").write_bytes("".join(f"{name}\r\n" for name in test).encode())
        root = str(tmp_path / "UCF-101")
        return DataConfig(
            **{"data": root, "annotations": str(annotations), "classes": ("HandstandPushups", "Punch"), **changes}
        )

    return make


def test_official_parts(make_ucf101: Callable[..., DataConfig]) -> None:
    config = make_ucf101()
    assert len(open_dataset(config).part("train")) == len(TRAIN)
    data, protocol, notes = open_dataset(config).scored()
    assert [item.label for item in data.items] == ["HandstandPushups"] * 8 + ["Punch"] * 8
    assert (protocol, notes) == ("official: UCF-101's official split 1; test part", ())


def test_selection_is_on_source_videos_of_the_training_part(make_ucf101: Callable[..., DataConfig]) -> None:
    split = open_dataset(make_ucf101(holdout=0.25)).split(seed=0)
    assert (len(split.training), len(split.validation)) == (24, 8)
    assert not set(split.training.groups) & set(split.validation.groups)
    assert {item.part for item in split.validation.items} == {"train"}
    assert split.protocol.startswith("official: UCF-101's official split 1; 25% of each class's source videos held out")


def test_the_source_protocol_leaks_and_says_how_much(make_ucf101: Callable[..., DataConfig]) -> None:
    config = make_ucf101(protocol="source")
    split = open_dataset(config).split(seed=0)
    assert (len(split.training), len(split.validation)) == (22, 10)
    training = {item.group for item in split.training.items}
    share = sum(item.group in training for item in split.validation.items) / 10
    assert f"leaky: {share:.1%} of the val part has a sibling" in split.protocol
    assert "measures memory" in split.notes[0]
    scored, _, notes = open_dataset(config).scored()
    assert scored == split.validation
    assert notes == split.notes
    assert len(open_dataset(config).scored("test")[0]) == len(TEST)


def test_without_lists_all_videos_are_taken(make_ucf101: Callable[..., DataConfig]) -> None:
    data, protocol, _ = open_dataset(make_ucf101(annotations="")).scored()
    assert len(data) == len(TRAIN) + len(TEST)
    assert protocol == "groups: all items"


def test_copies_may_differ_in_spelling_and_container(make_ucf101: Callable[..., DataConfig], tmp_path: Path) -> None:
    config = make_ucf101()
    root = tmp_path / "UCF-101"
    (root / "HandstandPushups").rename(root / "HandStandPushups")
    (root / TRAIN[-1]).rename((root / TRAIN[-1]).with_suffix(".mp4"))
    data = open_dataset(config).part()
    assert len(data) == len(TRAIN)
    assert {item.label for item in data.items} == {"HandstandPushups", "Punch"}
    assert (
        open_dataset(DataConfig(data=config.data, annotations=config.annotations, classes=("all",))).config.classes
        == config.classes
    )


def test_a_table_tells_groups_and_folds_of_videos_too(make_ucf101: Callable[..., DataConfig], tmp_path: Path) -> None:
    table = "\n".join(f"{name}\t{i % 3}\t{i % 3}" for i, name in enumerate(TRAIN + TEST))
    (tmp_path / "UCF-101").mkdir()
    (tmp_path / "UCF-101/GROUPS.tsv").write_text(f"path\tscene\tfold\n{table}\n")
    config = make_ucf101(annotations="", groups="GROUPS.tsv:scene", fold=2)
    assert {item.group for item in open_dataset(config).split(0).validation.items} == {"2"}
    assert {item.fold for item in open_dataset(config).scored()[0].items} == {2}


UCF101_MISTAKES: dict[str, tuple[list[str], list[str], dict[str, object], str]] = {
    "a class that the lists do not know": (
        clips("Punch", [8]),
        clips("Punch", [1]),
        {"classes": ("Punch", "Kick")},
        "the train list names no video of class 'Kick'",
    ),
    "a group on both sides": (
        clips("Punch", [8, 9]) + clips("Kick", [8]),
        clips("Punch", [9]) + clips("Kick", [1]),
        {"classes": ("Punch", "Kick")},
        "the group Punch_g09 on both sides",
    ),
    "a group on both sides, spelt in two ways": (
        clips("HandstandPushups", [8], "HandStandPushups") + clips("Punch", [8]),
        clips("HandstandPushups", [8]) + clips("Punch", [1]),
        {},
        "the group HandstandPushups_g08 on both sides",
    ),
    "official without lists": (
        TRAIN,
        TEST,
        {"annotations": "", "protocol": "official"},
        "official and source need --annotations",
    ),
    "groups with lists": (TRAIN, TEST, {"protocol": "groups"}, "--protocol groups takes all videos"),
    "a missing list": (TRAIN, TEST, {"split": 2}, r"the list .*trainlist02\.txt cannot be read"),
    "another protocol's name": (TRAIN, TEST, {"protocol": "cross-subject"}, "must be official or source or groups"),
}


@pytest.mark.parametrize("mistake", UCF101_MISTAKES)
def test_mistakes_with_ucf101(mistake: str, make_ucf101: Callable[..., DataConfig]) -> None:
    train, test, changes, message = UCF101_MISTAKES[mistake]
    with pytest.raises(TrainingError, match=message):
        open_dataset(make_ucf101(train, test, **changes)).split(0)


def test_the_source_protocol_is_of_split_one(make_ucf101: Callable[..., DataConfig]) -> None:
    config = make_ucf101(protocol="source", split=2)
    for part in ("train", "test"):
        (Path(config.annotations) / f"{part}list01.txt").rename(Path(config.annotations) / f"{part}list02.txt")
    with pytest.raises(TrainingError, match="source is of split 1, but got --split 2"):
        open_dataset(config).split(0)


def test_a_listed_video_that_is_not_there_is_named(make_ucf101: Callable[..., DataConfig]) -> None:
    config = make_ucf101()
    (Path(config.data) / TRAIN[-1]).unlink()
    with pytest.raises(TrainingError, match=r"1 of the 32 videos .* the first .*v_Punch_g11_c04\.avi"):
        open_dataset(config).split(0)
    assert len(open_dataset(config).scored()[0]) == len(TEST)  # which lacks nothing


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("v_Punch_g08_c01.avi", "v_Punch_g08"),
        ("v_HandStandPushups_g01_c04.avi", "v_HandstandPushups_g01"),
        ("v_YoYo_g25_c10.jpg", "v_YoYo_g25"),
        ("v_TennisSwing_g24_c01.avi", "v_TennisSwing_g03"),
        ("v_BenchPress_g22_c02.avi", "v_BenchPress_g07"),
    ],
)
def test_source_videos(name: str, video: str) -> None:
    assert source_video(Path("x") / name) == video


def test_stills_and_clips_of_one_group_have_one_name_whatever_a_table_calls_it() -> None:
    still = Item(Path("YoYo/v_YoYo_g10_c01.jpg"), "YoYo", source_video(Path("v_YoYo_g10_c01.jpg")))
    clips = [Item(Path(f"{name}.mp4"), "YoYo", f"YoYo_{name[7:10]}") for name in ("v_YoYo_g10_c03", "v_YoYo_g11_c01")]
    found = [item.group for item in join_known_videos([still, *clips])]
    assert found == ["v_YoYo_g09", "v_YoYo_g09", "v_YoYo_g11"]
    assert [item.group for item in join_known_videos(clips)] == found[1:]


def test_a_table_and_names_of_files_join_source_videos_together() -> None:
    """The table joins a and b, the names of the files b's and c's; other files stay as they are."""
    names = (("v_Punch_g08_c01", "a"), ("v_Punch_g09_c01", "a"), ("v_Punch_g09_c02", "c"), ("own", "d"), ("two", "c"))
    items = [Item(Path(f"{stem}.avi"), "Punch", group) for stem, group in names]
    assert [item.group for item in join_known_videos(items)] == ["a", "a", "a", "d", "a"]


def test_folds_of_a_table_are_believed() -> None:
    items = [
        Item(Path(f"v_YoYo_g{group}_c01.avi"), "YoYo", f"v_YoYo_g{group}", fold)
        for group, fold in (("09", 0), ("10", 1), ("11", 1))
    ]
    assert [item.group for item in join_known_videos(items)] == ["v_YoYo_g09", "v_YoYo_g10", "v_YoYo_g11"]
    together = join_known_videos([replace(item, fold=1) for item in items])
    assert [item.group for item in together] == ["v_YoYo_g09", "v_YoYo_g09", "v_YoYo_g11"]


def test_no_group_is_in_two_sets_of_the_table_and_every_class_keeps_several_videos() -> None:
    groups = [group for one in SETS for group in one]
    assert len(set(groups)) == len(groups)
    assert all(len(one) > 1 for one in SETS)
    for label in {label for label, _ in groups}:
        of_label = [(label, f"{number:02}") for number in range(8, 26)]  # train list 1
        assert len({first_of(group) for group in of_label}) >= 9  # so that every fold has some
    assert first_of(("CricketBowling", "08")) == first_of(("CricketShot", "19")) == ("CricketShot", "19")


def test_known_shared_videos_are_warned_of() -> None:
    train = clips("TennisSwing", [8, 11, 13]) + clips("BenchPress", [22]) + clips("Punch", [8])
    test = clips("TennisSwing", [3]) + clips("BenchPress", [7]) + clips("Punch", [1])
    bench, tennis = check_parts(train, test)
    assert bench.startswith("BenchPress g07 of the test part and BenchPress g22 of the training part are known to")
    assert tennis.startswith("TennisSwing g03 of the test part and TennisSwing g11, g13 of the training part")


@pytest.fixture
def real_listing(real_clips: Path, tmp_path: Path) -> Callable[..., Listing]:
    """What the real lists say, without any video."""

    def load(classes: tuple[str, ...] = ACTIONS, **changes: object) -> Listing:
        annotations = str(real_clips / "ucf101_lists")
        return LAYOUTS["ucf101"].load(
            DataConfig(**{"data": str(tmp_path), "annotations": annotations, **changes}), classes
        )

    return load


@pytest.mark.parametrize(("split", "train", "test"), [(1, 1842, 724), (2, 1853, 713), (3, 1851, 715)])
def test_the_real_lists_count_what_is_known(
    split: int, train: int, test: int, real_listing: Callable[..., Listing]
) -> None:
    assert Counter(item.part for item in real_listing(split=split).items) == {"train": train, "test": test}


def test_all_101_classes(real_clips: Path, real_listing: Callable[..., Listing]) -> None:
    names = {name.split("/")[0] for name in read_list(real_clips / "ucf101_lists/trainlist01.txt")}
    assert len(names) == 101
    parts = Counter(item.part for item in real_listing(tuple(sorted(names))).items)
    assert parts == {"train": 9537, "test": 3783}


def test_what_the_real_lists_share(real_listing: Callable[..., Listing]) -> None:
    assert [note.split(" of ")[0] for note in real_listing().notes] == ["BenchPress g07", "TennisSwing g03"]
    source = real_listing(protocol="source")
    groups = {part: [item.group for item in source.items if item.part == part] for part in ("train", "val")}
    assert (len(groups["train"]), len(groups["val"])) == (1289, 553)
    assert 0.977 <= leak(groups["train"], groups["val"]) < 1  # as with 200 other seeds


def test_known_shared_videos_are_those_of_the_stills_table_and_two_more(real_clips: Path) -> None:
    table = read_groups("FOLDS.tsv:video", real_clips / "ucf101_stills")
    differing = {(source_video(Path(path)), row.group) for path, row in table.rows.items()}
    differing -= {(row.group, row.group) for row in table.rows.values()}
    assert differing == {
        ("v_HorseRiding_g23", "v_HorseRiding_g24"),
        ("v_PlayingGuitar_g11", "v_PlayingGuitar_g23"),
    }
    folds = {source_video(Path(path)): row.fold for path, row in table.rows.items()}
    assert all(folds[source_video(Path(path))] == row.fold for path, row in table.rows.items())


# Kinetics-400 -------------------------------------------------------------------------------------------------------

HEADER = "label,youtube_id,time_start,time_end,split\n"


@pytest.fixture
def kinetics(tmp_path: Path) -> Path:
    """train.csv, val.csv, test.csv, and clips where archives, sorters and the replacement archive put them."""
    (tmp_path / "annotations").mkdir()
    train = [f"playing guitar,guitar-{i}__x,{i},{i + 10},train" for i in range(5)]
    train += [f"abseiling,rope-{i}____,{i},{i + 10},train" for i in range(3)]
    rows = {
        "train": [*train, "abseiling,both_parts_,1,11,train"],
        "val": ["abseiling,both_parts_,20,30,val", "playing guitar,-_val_guita,0,10,val"],
        "test": ["abseiling,test_rope__,3,13,test", "abseiling,gone_______,3,13,test"],
    }
    for part, lines in rows.items():
        (tmp_path / f"annotations/{part}.csv").write_text(HEADER + "\n".join(lines) + "\n")
    touch(tmp_path, [f"train/playing guitar/guitar-{i}__x_{i:06d}_{i + 10:06d}.mp4" for i in range(4)])
    touch(tmp_path, [f"train/rope-{i}_____{i:06d}_{i + 10:06d}.mp4" for i in range(3)])
    touch(tmp_path, ["train/both_parts__000001_000011.mp4", "val/both_parts__000020_000030.mp4"])
    touch(tmp_path, ["val/-_val_guita_000000_000010.mp4", "test/test_rope___000003_000013.mp4"])
    touch(tmp_path, ["replacement/replacement_for_corrupted_k400/rope-0_____000000_000010.mp4"])
    return tmp_path


def kinetics_config(root: Path, **changes: object) -> DataConfig:
    return DataConfig(**{"data": str(root), "layout": "kinetics400", **changes})


def test_kinetics(kinetics: Path) -> None:
    config = open_dataset(kinetics_config(kinetics)).config
    assert config.classes == ("abseiling", "playing guitar")
    split = open_dataset(config).split(0)
    assert Counter(item.label for item in split.training.items) == {"abseiling": 3, "playing guitar": 4}
    assert [item.group for item in split.validation.items] == ["both_parts_", "-_val_guita"]
    assert split.protocol == "official: the parts that the annotations tell; val part held out"
    assert split.notes == (
        "2 of 13 annotated clips are not there (test 1, train 1), the first gone________000003_000013.mp4",
        "1 training clips are left out: other clips of their videos are in val or test",
    )


def test_replacements_of_broken_kinetics_clips_count(kinetics: Path) -> None:
    (rope,) = (item for item in open_dataset(kinetics_config(kinetics)).part().items if item.group == "rope-0____")
    assert rope.path.parent.name == "replacement_for_corrupted_k400"


def test_the_val_part_of_kinetics_is_scored(kinetics: Path) -> None:
    data, protocol, _ = open_dataset(kinetics_config(kinetics)).scored()
    assert len(data) == 2
    assert protocol == "official: the parts that the annotations tell; val part"
    assert len(open_dataset(kinetics_config(kinetics)).scored("test")[0]) == 1


def test_kinetics_without_a_val_part_holds_videos_out(kinetics: Path) -> None:
    (kinetics / "annotations/val.csv").unlink()
    split = open_dataset(kinetics_config(kinetics)).split(0)
    assert len(split.validation) == 2
    assert not set(split.training.groups) & set(split.validation.groups)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("label,youtube_id,time_start,time_end\n", r"train\.csv has no column 'split'"),
        (HEADER + "abseiling,x,soon,later,train\n", r"train\.csv cannot be read: ValueError"),
        (HEADER + "abseiling,x,1,2,holdout\n", r"train\.csv cannot be read: KeyError\('holdout'\)"),
    ],
)
def test_annotations_that_cannot_be_used(rows: str, message: str, kinetics: Path) -> None:
    (kinetics / "annotations/train.csv").write_text(rows)
    with pytest.raises(TrainingError, match=message):
        open_dataset(kinetics_config(kinetics)).split(0)


def test_kinetics_without_annotations_or_clips(kinetics: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(TrainingError, match="holds no annotations"):
        open_dataset(kinetics_config(empty)).split(0)
    with pytest.raises(TrainingError, match="no annotated clip of class 'yodelling' is in"):
        open_dataset(kinetics_config(kinetics, classes=("abseiling", "yodelling"))).split(0)
    annotations = str(kinetics / "annotations")
    with pytest.raises(TrainingError, match="empty0 holds no files of any class, as --layout kinetics400 has"):
        open_dataset(kinetics_config(empty, annotations=annotations, classes=("all",))).split(0)


# MSR DailyActivity3D ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def msr_daily(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All 320 clips, and beside the first what the archives hold beside each."""
    root = tmp_path_factory.mktemp("msr")
    touch(root, (f"a{a:02d}_s{s:02d}_e{e:02d}_rgb.avi" for a in range(1, 17) for s in range(1, 11) for e in (1, 2)))
    touch(root, ["a01_s01_e01_depth.bin", "a01_s01_e01_skeleton.txt"])
    return root


def msr_config(root: Path, **changes: object) -> DataConfig:
    return DataConfig(**{"data": str(root), "layout": "msr-daily", **changes})


def test_msr_daily_is_split_by_subject(msr_daily: Path) -> None:
    split = open_dataset(msr_config(msr_daily)).split(0)
    assert split.training.classes == ACTIVITIES
    subjects = {f"s{n:02d}" for n in (1, 3, 5, 7, 9)}
    assert set(split.training.groups) | set(split.validation.groups) == subjects
    assert (len(split.training), len(split.validation)) == (128, 32)  # one of five subjects is held out
    assert split.notes == ()
    data, protocol, _ = open_dataset(msr_config(msr_daily)).scored()
    assert set(data.groups) == {f"s{n:02d}" for n in (2, 4, 6, 8, 10)}
    assert len(data) == 160
    assert protocol == "cross-subject: subjects with odd numbers for training, the others for testing; test part"


def test_msr_daily_as_its_document_split_it(msr_daily: Path) -> None:
    split = open_dataset(msr_config(msr_daily, protocol="source")).split(0)
    assert (len(split.training), len(split.validation)) == (256, 64)
    assert "leaky: 100.0% of the val part" in split.protocol


def test_msr_daily_with_clips_missing(tmp_path: Path) -> None:
    touch(tmp_path, [f"pack1/a{a:02d}_s{s:02d}_e01_rgb.avi" for a in (1, 4) for s in range(1, 5)])
    config = msr_config(tmp_path)
    assert open_dataset(config).config.classes == ("drink", "call cellphone")
    assert open_dataset(config).split(0).notes == ("8 of the data set's 320 clips are there",)
    with pytest.raises(TrainingError, match=r"no clip of class 'eat' is in .*; the data set has drink, eat"):
        open_dataset(msr_config(tmp_path, classes=("drink", "eat"))).split(0)
    touch(tmp_path, ["a17_s01_e01_rgb.avi"])
    with pytest.raises(TrainingError, match="names activity 17"):
        open_dataset(config).split(0)


def test_no_clip_of_msr_daily(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no clip named as in MSR DailyActivity3D"):
        open_dataset(msr_config(tmp_path)).split(0)


# Folders ------------------------------------------------------------------------------------------------------------


def folders_config(root: Path, **changes: object) -> DataConfig:
    return DataConfig(**{"data": str(root), "layout": "folders", **changes})


def test_class_folders(tmp_path: Path) -> None:
    touch(tmp_path, [f"{name}/day{day}-{i}.mp4" for name in ("jump", "run") for day in range(3) for i in range(2)])
    touch(tmp_path, ["notes/readme.txt", "jump/.hidden.mp4"])
    split = open_dataset(folders_config(tmp_path)).split(0)
    assert split.training.classes == ("jump", "run")
    assert len(split.training) + len(split.validation) == 12
    assert len(set(split.training.groups) | set(split.validation.groups)) == 12
    assert "each file counts as a source video of its own" in split.notes[0]
    grouped = open_dataset(folders_config(tmp_path, group_pattern=r"^(\w+)/day(\d)")).split(0)
    assert set(grouped.training.groups) | set(grouped.validation.groups) == {
        f"{name}/{day}" for name in ("jump", "run") for day in range(3)
    }
    assert grouped.notes == ()


def test_folders_with_parts(tmp_path: Path) -> None:
    parts = {"train": 4, "val": 2, "test": 3}
    touch(tmp_path, [f"{p}/{name}/{p}{i}.mp4" for p, n in parts.items() for name in ("jump", "run") for i in range(n)])
    split = open_dataset(folders_config(tmp_path)).split(0)
    assert (len(split.training), len(split.validation)) == (8, 4)
    assert split.protocol == "parts: the folders train, val, test; val part held out"
    data, protocol, _ = open_dataset(folders_config(tmp_path)).scored()
    assert len(data) == 6
    assert protocol == "parts: the folders train, val, test; test part"


def test_a_test_folder_alone_can_be_scored(tmp_path: Path) -> None:
    touch(tmp_path, ["test/jump/1.mp4"])
    data, _, _ = open_dataset(folders_config(tmp_path, classes=("jump", "run"))).scored()
    assert len(data) == 1
    with pytest.raises(TrainingError, match="nothing of class 'jump' is left to train on"):
        open_dataset(folders_config(tmp_path, classes=("jump", "run"), holdout=0)).split(0)


def test_a_recording_in_two_parts_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, [f"{part}/{name}/day1-{part}.mp4" for part in ("train", "test") for name in ("jump", "run")])
    assert len(open_dataset(folders_config(tmp_path)).scored()[0]) == 2
    with pytest.raises(
        TrainingError, match=r"day1-train.mp4 and .*day1-test.mp4 are of one source video, but in the train"
    ):
        open_dataset(folders_config(tmp_path, group_pattern=r"day(\d)")).scored()


@pytest.mark.parametrize(
    ("names", "protocol"),
    [
        (("Train", "validation"), "parts: the folders Train, validation"),
        (("training", "VALID"), "parts: the folders training, VALID"),
        (("train", "dev"), "parts: the folders train, dev"),
    ],
)
def test_parts_by_other_names(names: tuple[str, str], protocol: str, tmp_path: Path) -> None:
    touch(tmp_path, [f"{part}/{name}/{part}{i}.mp4" for part in names for name in ("jump", "run") for i in range(2)])
    split = open_dataset(folders_config(tmp_path)).split(0)
    assert split.training.classes == ("jump", "run")
    assert {item.path.parts[-3] for item in split.training.items} == {names[0]}
    assert {item.path.parts[-3] for item in split.validation.items} == {names[1]}
    assert split.protocol == f"{protocol}; val part held out"


def test_two_folders_of_one_part_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, [f"{part}/jump/{part}.mp4" for part in ("train", "val", "validation")])
    with pytest.raises(TrainingError, match=r"val and .*validation are both the val part; move one of them"):
        open_dataset(folders_config(tmp_path)).split(0)


@pytest.mark.parametrize("layout", ["folders", "stills"])
def test_folders_below_a_class_are_walked(layout: str, tmp_path: Path) -> None:
    suffix = ".jpg" if layout == "stills" else ".mp4"
    touch(
        tmp_path, [f"{name}/day{day}/morning/{i}{suffix}" for name in ("jump", "run") for day in (1, 2) for i in (1, 2)]
    )
    config = folders_config(tmp_path, layout=layout, classes=("all",), group_pattern=r"(\w+/day\d)")
    data = open_dataset(config).part()
    assert (data.classes, len(data), len(set(data.groups))) == (("jump", "run"), 8, 4)


def test_what_no_person_put_there_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, [f"{name}/{i}.mp4" for name in ("jump", "run") for i in (1, 2)])
    left = (".ipynb_checkpoints/1.mp4", "__MACOSX/._1.mp4", "__MACOSX/jump/1.mp4", ".git/1.mp4", "Thumbs/1.mp4")
    touch(tmp_path, left)
    touch(tmp_path, [f"jump/{path}" for path in (*left, "._1.mp4", "@eaDir/1.mp4/x.mp4")])
    data = open_dataset(folders_config(tmp_path)).part()
    assert (data.classes, len(data)) == (("jump", "run"), 4)


def test_files_are_taken_whatever_their_suffix_s_case(tmp_path: Path) -> None:
    names = ["a.3gp", "b.MTS", "c.m2ts", "d.vob", "e.asf", "f.f4v", "g.mp4v", "h.divx", "i.Mp4"]
    touch(tmp_path, [f"{label}/{name}" for label in ("jump", "run") for name in (*names, "j.txt", "k.mp3", "mp4")])
    assert [item.path.name for item in open_dataset(folders_config(tmp_path)).part().items] == 2 * names


def test_a_link_that_leads_nowhere_is_a_bad_file_like_others(tmp_path: Path) -> None:
    touch(tmp_path, ["jump/1.mp4", "run/1.mp4"])
    (tmp_path / "jump/2.mp4").symlink_to(tmp_path / "nowhere")
    data = open_dataset(folders_config(tmp_path)).part()
    with pytest.raises(TrainingError, match=r"2.mp4 cannot be read: .*No such file"):
        read_all(data, lambda item: np.frombuffer(item.path.read_bytes() or b"x", np.uint8), skip_bad=False)
    _, kept, skipped = read_all(
        data, lambda item: np.frombuffer(item.path.read_bytes() or b"x", np.uint8), skip_bad=True
    )
    assert [item.path.name for item in kept.items] == ["1.mp4", "1.mp4"]
    assert "2.mp4" in skipped[0]


def test_a_protocol_that_the_folders_do_not_have(tmp_path: Path) -> None:
    touch(tmp_path, ["jump/1.mp4", "run/1.mp4"])
    with pytest.raises(TrainingError, match="has no folders train, val, test, so --protocol must be groups"):
        open_dataset(folders_config(tmp_path, protocol="parts")).split(0)


def test_the_real_strokes_have_five_folds_of_scenes(real_clips: Path) -> None:
    root = real_clips / "tennis_strokes"
    config = folders_config(root, groups="GROUPS.tsv:group", fold=0)
    split = open_dataset(config).split(0)
    assert len(split.training) + len(split.validation) == 371
    assert open_dataset(config).scored()[0] == split.validation
