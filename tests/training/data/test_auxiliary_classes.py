"""Other classes beside a model's own: which of them are trained on, held out, and never seen."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.conftest import CLASSES, CLIPS, GROUPS, OTHERS
from training.config.data import ROTATE, DataConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.data.auxiliary_classes import add_auxiliary, assign_folds, share_of_fold, short_name
from training.data.dataset import DataSet, Item
from training.data.loading import open_dataset
from training.data.splits import Split
from training.errors import TrainingError
from training.model import checkpoint
from training.model.build import build_network
from training.model.pretrained import load_pretrained
from training.model.train_state import load_weights, new_train_state
from training.trainer.sampler import draw_rows


@pytest.fixture
def config(stills_root: Path, auxiliary_root: Path) -> DataConfig:
    return DataConfig(
        data=str(stills_root),
        layout="stills",
        classes=CLASSES,
        auxiliary=("YoYo", "Golf"),
        auxiliary_data=str(auxiliary_root),
        groups="FOLDS.tsv:video",
    )


@pytest.mark.parametrize("changes", [{"fold": 1}, {"holdout": 0.4}, {"holdout": 0}, {"holdout": 0.4, "groups": ""}])
def test_others_are_split_like_the_classes_and_change_nothing_for_them(
    changes: dict[str, object], config: DataConfig
) -> None:
    config = replace(config, **changes)
    split, alone = (
        open_dataset(config).split(3),
        open_dataset(replace(config, auxiliary=(), auxiliary_data="")).split(3),
    )
    assert split.validation == alone.validation
    assert split.training.items[: len(alone.training)] == alone.training.items
    assert split.training.classes == (*CLASSES, "YoYo", "Golf")
    assert set(split.training.targets) == {0, 1, 2, 3, 4}
    assert not set(split.training.groups) & set(split.auxiliary.groups)
    assert {item.label for item in split.auxiliary.items} == (set() if changes == {"holdout": 0} else {"YoYo", "Golf"})
    assert len(split.training) + len(split.held_out) == (3 * CLIPS + 2 * (CLIPS - 1)) * GROUPS


def test_every_fold_holds_out_other_source_videos(config: DataConfig) -> None:
    held = [open_dataset(replace(config, fold=fold)).split(0).auxiliary.groups for fold in (0, 1, 2)]
    assert sorted(group for groups in held for group in set(groups)) == sorted(
        f"v_{name}_g{group:02d}" for name in ("Golf", "YoYo") for group in range(1, GROUPS + 1)
    )
    assert set(held[1]) == {f"v_{name}_g{group:02d}" for name in ("Golf", "YoYo") for group in (2, 5)}


def test_a_table_that_knows_the_folds_of_others_is_believed() -> None:
    items = [Item(Path(f"{video}.avi"), "Golf", video, fold) for video, fold in (("a", 4), ("b", None), ("c", None))]
    assert [item.fold for item in assign_folds(items, [0, 4])] == [4, 0, 4]
    assert [item.fold for item in assign_folds(items, [])] == [4, None, None]


def test_a_source_video_that_classes_share_is_in_one_fold() -> None:
    """In that of the model's own class; or of the first auxiliary class, by name. The others keep their turns."""
    shared = {("Golf", 2): "Bowling 1", ("YoYo", 1): "Golf 3"}
    items = [
        Item(Path(f"{label} {n}.avi"), label, shared.get((label, n), f"{label} {n}"))
        for label in ("YoYo", "Golf")
        for n in (1, 2, 3, 4)
    ]
    own = [Item(Path("x.avi"), "Bowling", "Bowling 1", 2)]
    found = {item.path.stem: item.fold for item in assign_folds(items, [0, 1, 2], own)}
    assert found == {
        "Golf 1": 0,
        "Golf 2": 2,
        "Golf 3": 2,
        "Golf 4": 0,
        "YoYo 1": 2,
        "YoYo 2": 1,
        "YoYo 3": 2,
        "YoYo 4": 0,
    }


def test_a_person_of_both_goes_where_the_classes_have_them() -> None:
    def items(label: str, *people: str) -> DataSet:
        return DataSet(tuple(Item(Path(f"{label}-{who}.avi"), label, who) for who in people), (label,))

    own = Split(items("Punch", "Ann", "Bob"), items("Punch", "Cem"), "made up")
    split = add_auxiliary(own, Split(items("Golf", "Bob", "Cem", "Dee"), items("Golf", "Ann", "Eva"), "made up"))
    assert [item.group for item in split.training.items if item.label == "Golf"] == ["Bob", "Dee", "Ann"]
    assert split.auxiliary.groups == ["Cem", "Eva"]
    assert split.validation == own.validation


def test_all_others_are_those_beside_the_classes(config: DataConfig, stills_root: Path) -> None:
    assert open_dataset(replace(config, auxiliary=("all",))).config.auxiliary == OTHERS
    same = DataConfig(data=str(stills_root), layout="stills", classes=CLASSES[:2], auxiliary=("all",))
    assert open_dataset(same).config.auxiliary == ("Punch",)
    assert len(open_dataset(same).part()) == 3 * CLIPS * GROUPS
    with pytest.raises(TrainingError, match="holds no class that is none of --classes"):
        open_dataset(replace(same, classes=CLASSES))


def test_what_is_measured_outside(config: DataConfig) -> None:
    scored, everything = open_dataset(replace(config, fold=1)).ood()
    assert set(scored.items) == set(open_dataset(replace(config, fold=1)).split(0).auxiliary.items)
    assert {item.label for item in everything.items} == {"YoYo", "Golf"}
    assert len(everything) == 2 * GROUPS * (CLIPS - 1)


def test_every_class_is_left_out_by_one_fold(config: DataConfig) -> None:
    rotating = replace(config, auxiliary=("all",), unseen=ROTATE)
    left_out = []
    for fold in (0, 1, 2):
        dataset = open_dataset(replace(rotating, fold=fold))
        split, settled = dataset.split(0), dataset.config
        kept = [name for name in OTHERS if name not in settled.unseen]
        assert settled.auxiliary == tuple(kept)
        assert split.training.classes == (*CLASSES, *kept)
        assert {item.label for item in (*split.training.items, *split.auxiliary.items)} == {*CLASSES, *kept}
        assert open_dataset(settled).config == settled  # as when the run is published
        left_out += settled.unseen
    assert sorted(left_out) == sorted(OTHERS)
    released = open_dataset(replace(rotating, holdout=0)).config
    assert (released.auxiliary, released.unseen, released.all_auxiliary) == (OTHERS, ROTATE, set(OTHERS))


def test_shares_are_equal_but_for_one_and_do_not_depend_on_the_order() -> None:
    names, folds = [f"class {number}" for number in range(83)], [0, 1, 2, 3, 4]
    shares = [share_of_fold(names, fold, folds) for fold in folds]
    assert sorted(name for share in shares for name in share) == sorted(names)
    assert sorted(len(share) for share in shares) == [16, 16, 17, 17, 17]
    assert shares == [share_of_fold([*names[::-1], "Drawn"], fold, folds) for fold in folds]
    assert share_of_fold(names, 7, folds) == share_of_fold(names, 0, []) == ()


def test_classes_to_leave_out_can_be_named(config: DataConfig) -> None:
    settled = open_dataset(replace(config, auxiliary=("all",), unseen=("Knitting",))).config
    assert (settled.auxiliary, settled.unseen) == (("Golf", "YoYo"), ("Knitting",))
    assert settled.all_auxiliary == set(OTHERS)
    for changes, message in (
        ({"unseen": ("Knit",)}, "--unseen: there is no auxiliary class 'Knit'"),
        ({"unseen": ("Golf", "YoYo")}, "--unseen leaves no auxiliary class to train on of YoYo, Golf"),
        ({"unseen": ("Golf",), "auxiliary": (), "auxiliary_data": ""}, "--unseen means nothing without --auxiliary"),
    ):
        with pytest.raises(TrainingError, match=message):
            open_dataset(replace(config, **changes))


def test_names_of_files_tell_the_folder(config: DataConfig, stills_root: Path, auxiliary_root: Path) -> None:
    assert short_name(stills_root / "Punch/a.jpg", config) == "Punch/a.jpg"
    assert short_name(auxiliary_root / "Golf/a.jpg", config) == "others/Golf/a.jpg"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auxiliary": ("Punch", "Golf"), "classes": CLASSES}, "--auxiliary must name classes that --classes does not"),
        ({"auxiliary": ("Golf", "Golf")}, "each once, but got Golf, Golf"),
        ({"classes": CLASSES, "unseen": ("Punch",)}, "--unseen must name auxiliary classes, but Punch is one of --cl"),
        ({"auxiliary_data": "/elsewhere"}, "--auxiliary-data means nothing without --auxiliary"),
    ],
)
def test_mistakes_are_told(changes: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        DataConfig(**changes)


def test_an_epoch_draws_its_share_of_the_others_anew() -> None:
    targets = torch.tensor([0, 1] * 15 + [2, 3] * 100)
    first, again, second = (
        draw_rows(targets, 2, 0.4, torch.Generator().manual_seed(seed)).tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert sorted(row for row in first if row < 30) == list(range(30))
    auxiliary = [{row for row in rows if row >= 30} for rows in (first, second)]
    assert [len(rows) for rows in auxiliary] == [20, 20]
    assert auxiliary[0] != auxiliary[1]
    assert len(draw_rows(targets, 2, 0.99, torch.Generator())) == 230  # there are no more
    assert len(draw_rows(targets[targets < 2], 2, 0.3, torch.Generator())) == 30  # there are none


def test_without_a_share_the_order_is_what_it_always_was() -> None:
    targets = torch.tensor([0, 1, 2] * 9)
    found = draw_rows(targets, 2, None, torch.Generator().manual_seed(4))
    assert torch.equal(found, torch.randperm(27, generator=torch.Generator().manual_seed(4)))


@pytest.mark.parametrize("auxiliary", [("YoYo", "Golf"), ("Golf", "YoYo"), ("Knitting", "YoYo"), ("Surfing",)])
def test_a_head_is_taken_over_by_the_names_of_its_outputs(auxiliary: tuple[str, ...], tmp_path: Path) -> None:
    """Also by a run that has for auxiliary classes what were classes before."""
    before = Config(data=DataConfig(classes=(*CLASSES, "YoYo", "Golf")), stages=parse_stages("1x1x32x8"), seed=1)
    state = new_train_state(build_network(before), before.optimizer)
    checkpoint.open_run(tmp_path, before, resume=False)
    checkpoint.save(tmp_path, state)
    config = replace(before, seed=2, init=str(tmp_path), data=DataConfig(classes=CLASSES, auxiliary=auxiliary))
    fresh = new_train_state(build_network(config), config.optimizer)
    initial = load_pretrained(config, fresh.net)
    assert load_weights(fresh, initial.weights) == []
    new = [name for name in auxiliary if name not in before.data.classes]
    assert initial.notes == ((f"outputs that begin at zero: {new[0]}",) if new else ())
    found, expected = fresh.net.state_dict(), state.average.state_dict()
    for name, tensor in found.items():
        if name.startswith("head."):
            for row, output in enumerate(config.data.outputs):
                wanted = 0 * tensor[0] if output in new else expected[name][before.data.classes.index(output)]
                assert torch.equal(tensor[row], wanted), (name, output)
        else:
            assert torch.equal(tensor, expected[name]), name


def test_a_head_for_nothing_that_is_wanted_begins_anew(tmp_path: Path) -> None:
    before = Config(data=DataConfig(classes=("YoYo", "Golf")), stages=parse_stages("1x1x32x8"), seed=1)
    state = new_train_state(build_network(before), before.optimizer)
    checkpoint.open_run(tmp_path, before, resume=False)
    checkpoint.save(tmp_path, state)
    config = replace(before, seed=2, init=str(tmp_path), data=DataConfig(classes=CLASSES))
    fresh = new_train_state(build_network(config), config.optimizer)
    own = fresh.net.state_dict()["head.weight"].clone()
    assert load_weights(fresh, load_pretrained(config, fresh.net).weights) == ["head.weight", "head.bias"]
    assert torch.equal(fresh.net.state_dict()["head.weight"], own)
