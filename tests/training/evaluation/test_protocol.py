"""What is scored, by which engine: nothing by weights that have learnt from its source video."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.conftest import CLASSES, CLIPS, GROUPS, OTHERS
from tests.training.evaluation.test_assignment import Named
from training.config.data import ROTATE, DataConfig
from training.config.schema import Config
from training.data.loading import open_dataset
from training.data.splits import Split
from training.data.synthetic_ood import DRAWN
from training.errors import TrainingError
from training.evaluation.assignment import Scorer
from training.evaluation.leakage import hash_of, hashes_of_classes
from training.evaluation.protocol import held_out_set, scored_set


@pytest.fixture
def config(stills_root: Path, auxiliary_root: Path) -> Config:
    """Three classes and Golf; of Knitting and YoYo, a run sees nothing."""
    data = DataConfig(
        data=str(stills_root),
        layout="stills",
        classes=CLASSES,
        auxiliary=("Golf",),
        auxiliary_data=str(auxiliary_root),
        groups="FOLDS.tsv:video",
        fold=1,
    )
    return Config(data=data)


def split_of(config: Config) -> Split:
    return open_dataset(config.data).split(0)


def scorer(name: str, learnt: Iterable[str], classes: Iterable[str] = ("Golf",)) -> Scorer:
    return Scorer(name, Named(name), hashes_of_classes(classes).union(hash_of(group) for group in learnt))


def test_what_a_run_held_out_is_scored(config: Config) -> None:
    split = split_of(config)
    found = held_out_set(config, split, [], [scorer("one", split.training.groups)])
    assert found.own.data == split.validation
    assert (found.seen.data, found.protocol) == (split.auxiliary, split.protocol)
    assert {item.label for item in found.unseen.data.items} == {"Knitting", "YoYo"}


def test_ood_items_that_the_weights_began_with_are_left_out(config: Config) -> None:
    split = split_of(config)
    every = held_out_set(config, split, [], [scorer("one", split.training.groups)])
    known = {every.seen.data.groups[0], every.unseen.data.groups[0]}
    found = held_out_set(config, split, [], [scorer("one", [*split.training.groups, *known])])
    assert set(every.seen.data.groups) - set(found.seen.data.groups) == {every.seen.data.groups[0]}
    assert set(every.unseen.data.groups) - set(found.unseen.data.groups) == {every.unseen.data.groups[0]}
    for part in (found.own, found.seen, found.unseen):
        assert {part.engine_of(item).name for item in part.data.items} == {"one"}


def test_a_leaky_protocol_is_scored_as_it_is(config: Config) -> None:
    split = replace(split_of(config), leaky=True)
    found = held_out_set(config, split, [], [scorer("one", [*split.training.groups, *split.validation.groups])])
    assert (found.own.data, found.seen.data) == (split.validation, split.auxiliary)
    assert found.own.engine_of(split.validation.items[0]).name == "one"


def test_each_fold_is_scored_by_the_model_that_left_it_out(config: Config) -> None:
    everything = replace(config, data=replace(config.data, fold=None, holdout=0))
    split = split_of(everything)
    groups = {fold: [item.group for item in split.training.items if item.fold != fold] for fold in (0, 2)}
    found = held_out_set(everything, split, [0, 2], [scorer(str(fold), groups[fold]) for fold in (0, 2)])
    assert {item.fold for item in found.own.data.items} == {item.fold for item in found.seen.data.items} == {0, 2}
    for part in (found.own, found.seen):
        for item in part.data.items:
            assert part.engine_of(item).name == str(item.fold)
    assert {found.unseen.engine_of(item).name for item in found.unseen.data.items} == {"0", "2"}
    assert found.protocol == "groups: folds 0, 2, each item by a model that was trained without its fold"


def test_a_class_is_never_seen_where_its_scorer_left_it_out(config: Config) -> None:
    """Each fold's model left out its share of the auxiliary classes, and all of their items are scored by it."""
    data = replace(config.data, auxiliary=("all",), unseen=ROTATE)
    everything = replace(config, data=open_dataset(replace(data, fold=None, holdout=0)).config)
    splits = {fold: open_dataset(replace(data, fold=fold)).split(0) for fold in (0, 1, 2)}
    scorers = [
        scorer(str(fold), split.training.groups, split.training.classes[len(CLASSES) :])
        for fold, split in splits.items()
    ]
    found = held_out_set(everything, split_of(everything), [0, 1, 2], scorers)
    assert len(found.unseen.data) == (CLIPS - 1) * GROUPS * len(OTHERS)
    for item in found.unseen.data.items:
        fold = int(found.unseen.engine_of(item).name)
        assert item.label not in splits[fold].training.classes
        assert item.label not in {each.label for each in splits[fold].training.items}
    assert {item.label for item in found.seen.data.items} == set(OTHERS)
    for item in found.seen.data.items:
        assert found.seen.engine_of(item).name == str(item.fold)
        assert item.label in splits[item.fold or 0].training.classes


def test_a_class_that_the_first_weights_had_learnt_is_not_new(config: Config) -> None:
    split = split_of(config)
    found = held_out_set(config, split, [], [scorer("one", split.training.groups, ["Golf", "YoYo"])])
    assert {item.label for item in found.unseen.data.items} == {"Knitting"}


def test_stills_that_code_drew_do_not_count_as_videos(config: Config, auxiliary_root: Path, tmp_path: Path) -> None:
    with_drawn = tmp_path / "auxiliary"
    shutil.copytree(auxiliary_root, with_drawn)
    (with_drawn / "YoYo").rename(with_drawn / DRAWN)
    own = replace(config, data=replace(config.data, auxiliary_data=str(with_drawn)))
    split = split_of(own)
    found = held_out_set(own, split, [], [scorer("one", split.training.groups)])
    assert {item.label for item in found.unseen.data.items} == {"Knitting"}
    every = open_dataset(replace(own.data, auxiliary=("all",), fold=None))
    assert DRAWN in {item.label for item in every.ood().everything.items}
    assert DRAWN not in {item.label for item in scored_set(every, [scorer("one", [], [])]).unseen.data.items}


def test_what_was_left_out_is_counted(config: Config) -> None:
    dataset = open_dataset(replace(config.data, fold=None))
    learnt = [item.group for item in dataset.scored().data.items if item.fold == 1]
    found = scored_set(dataset, [scorer("one", learnt)])
    assert {item.fold for item in found.own.data.items} == {0, 2}
    assert (
        f"left out {45 - len(found.own.data)} of 45 items: of source videos that the weights learnt from" in found.notes
    )
    unsure = replace(scorer("old@1", learnt), complete=False)
    assert "old@1 does not tell all that it has learnt from" in scored_set(dataset, [unsure]).notes[-1]
    with pytest.raises(TrainingError, match="learnt from the source videos of all 45 items; --card recomputes"):
        scored_set(dataset, [scorer("one", dataset.scored().data.groups)])
