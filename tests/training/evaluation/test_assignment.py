from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from training.data.dataset import DataSet, Item
from training.errors import TrainingError
from training.evaluation.assignment import (
    Scorer,
    assign,
    engine_without,
    is_new_of_known_class,
    is_of_new_class,
    one_engine,
)
from training.evaluation.leakage import hash_of, hashes_of_classes
from videoxception.clip import Frames
from videoxception.engine.base import Logits, Precision


@dataclass
class Named:
    """An engine that is told from others by its name."""

    name: str
    device: str = "cpu"
    precision: Precision = "f32"

    def predict(self, frames: Frames) -> Logits:
        return np.zeros((len(frames), 2), np.float32)


ONE, FOUR = Named("one"), Named("four")
SCORERS = [
    Scorer("one", ONE, frozenset({hash_of("a"), hash_of("b")})),
    Scorer("four", FOUR, frozenset({hash_of("b"), hash_of("c")})),
]


def item(group: str) -> Item:
    return Item(Path(f"Punch/{group}.jpg"), "Punch", group)


def test_one_engine_scores_everything() -> None:
    assert one_engine(FOUR)(item("b")) is FOUR


def test_an_item_is_scored_by_the_engine_that_has_not_learnt_from_its_source_video() -> None:
    engine_of = engine_without(SCORERS)
    assert engine_of(item("a")) is FOUR
    assert engine_of(item("c")) is ONE


def test_an_item_that_every_engine_has_learnt_from_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"Punch/b.jpg is of b, which every model at hand has learnt from"):
        engine_without(SCORERS)(item("b"))


def test_what_all_have_learnt_from_is_left_out() -> None:
    data = DataSet(tuple(item(group) for group in "abcd"), ("Punch",))
    assert assign(data, SCORERS).data.groups == ["a", "c", "d"]
    assert assign(data, SCORERS[:1]).data.groups == ["c", "d"]


def test_a_scorer_is_chosen_by_the_classes_that_it_has_learnt() -> None:
    """Each of two fold models left out a fold and an auxiliary class: 1 Golf, 4 YoYo."""
    one = Scorer("one", ONE, frozenset({hash_of("y4"), hash_of("k4")}) | hashes_of_classes(["YoYo", "Knitting"]))
    four = Scorer("four", FOUR, frozenset({hash_of("g1"), hash_of("k1")}) | hashes_of_classes(["Golf", "Knitting"]))
    items = [
        Item(Path(f"{label}/{video}.jpg"), label, video)
        for label, video in (("Golf", "g1"), ("Golf", "g4"), ("YoYo", "y1"), ("YoYo", "y4"), ("Knitting", "k1"))
    ]
    data = DataSet(tuple(items), ("Golf", "YoYo", "Knitting"))
    seen, unseen = (assign(data, [one, four], fits) for fits in (is_new_of_known_class, is_of_new_class))
    assert [(item.group, seen.engine_of(item)) for item in seen.data.items] == [("g4", FOUR), ("y1", ONE), ("k1", ONE)]
    assert [(item.group, unseen.engine_of(item)) for item in unseen.data.items] == [
        ("g1", ONE),
        ("g4", ONE),
        ("y1", FOUR),
        ("y4", FOUR),
    ]
    with pytest.raises(TrainingError, match=r"Knitting/k1.jpg is of k1, which every model at hand"):
        unseen.engine_of(items[4])


def test_what_none_has_learnt_from_is_dealt_out_by_source_videos() -> None:
    engine_of = engine_without(SCORERS)
    videos = [Item(Path(f"{clip}.jpg"), "Golf", f"v_Golf_g{clip % 20:02d}") for clip in range(60)]
    by_video: dict[str, set[str]] = {}
    for video in videos:
        engine = engine_of(video)
        assert isinstance(engine, Named)
        by_video.setdefault(video.group, set()).add(engine.name)
    assert {len(names) for names in by_video.values()} == {1}
    assert 5 <= sum(names == {"one"} for names in by_video.values()) <= 15
