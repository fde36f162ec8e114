"""What is scored, by which engine: nothing by weights that have learnt from its source video."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.conftest import CLASSES
from tests.training.evaluation.test_assignment import Named
from training.config.data import DataConfig
from training.config.schema import Config
from training.data.loading import open_dataset
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.assignment import Scorer
from training.evaluation.leakage import hash_of
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


def scorer(name: str, learnt: Iterable[str]) -> Scorer:
    return Scorer(name, Named(name), frozenset(hash_of(group) for group in learnt))


def test_what_a_run_held_out_is_scored(config: Config) -> None:
    split = split_of(config)
    found = held_out_set(config, split, [], [scorer("one", split.training.groups)])
    assert (found.data, found.auxiliary, found.protocol) == (split.validation, split.auxiliary, split.protocol)
    assert {item.label for item in found.unseen.items} == {"Knitting", "YoYo"}


def test_ood_items_that_the_weights_began_with_are_left_out(config: Config) -> None:
    split = split_of(config)
    every = held_out_set(config, split, [], [scorer("one", split.training.groups)])
    known = {every.auxiliary.groups[0], every.unseen.groups[0]}
    found = held_out_set(config, split, [], [scorer("one", [*split.training.groups, *known])])
    assert set(every.auxiliary.groups) - set(found.auxiliary.groups) == {every.auxiliary.groups[0]}
    assert set(every.unseen.groups) - set(found.unseen.groups) == {every.unseen.groups[0]}
    for item in (*found.data.items, *found.auxiliary.items, *found.unseen.items):
        assert found.engine_of(item).name == "one"


def test_a_leaky_protocol_is_scored_as_it_is(config: Config) -> None:
    split = replace(split_of(config), leaky=True)
    found = held_out_set(config, split, [], [scorer("one", [*split.training.groups, *split.validation.groups])])
    assert found.data == split.validation
    assert found.engine_of(found.data.items[0]).name == "one"


def test_each_fold_is_scored_by_the_model_that_left_it_out(config: Config) -> None:
    everything = replace(config, data=replace(config.data, fold=None, holdout=0))
    split = split_of(everything)
    groups = {fold: [item.group for item in split.training.items if item.fold != fold] for fold in (0, 2)}
    found = held_out_set(everything, split, [0, 2], [scorer(str(fold), groups[fold]) for fold in (0, 2)])
    assert {item.fold for item in found.data.items} == {item.fold for item in found.auxiliary.items} == {0, 2}
    for item in (*found.data.items, *found.auxiliary.items):
        assert found.engine_of(item).name == str(item.fold)
    assert {found.engine_of(item).name for item in found.unseen.items} == {"0", "2"}
    assert found.protocol == "groups: folds 0, 2, each item by a model that was trained without its fold"


def test_what_was_left_out_is_counted(config: Config) -> None:
    dataset = open_dataset(replace(config.data, fold=None))
    learnt = [item.group for item in dataset.scored().data.items if item.fold == 1]
    found = scored_set(dataset, ["Golf"], [scorer("one", learnt)])
    assert {item.fold for item in found.data.items} == {0, 2}
    assert f"left out {45 - len(found.data)} of 45 items: of source videos that the weights learnt from" in found.notes
    unsure = replace(scorer("old@1", learnt), complete=False)
    assert "old@1 does not tell all that it has learnt from" in scored_set(dataset, ["Golf"], [unsure]).notes[-1]
    with pytest.raises(TrainingError, match="learnt from the source videos of all 45 items; --card recomputes"):
        scored_set(dataset, ["Golf"], [scorer("one", dataset.scored().data.groups)])
