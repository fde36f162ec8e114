from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from training.data.dataset import Item
from training.errors import TrainingError
from training.evaluation.assignment import engine_by_fold, engines_in_turn, one_engine
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


ENGINES = {4: Named("four"), 1: Named("one")}


def item(fold: int | None) -> Item:
    return Item(Path("Punch/a.jpg"), "Punch", "a", fold)


def test_one_engine_judges_everything() -> None:
    assert one_engine(ENGINES[4])(item(1)) is ENGINES[4]


def test_each_fold_is_judged_by_the_engine_that_left_it_out() -> None:
    judges = engine_by_fold(ENGINES)
    assert judges(item(1)) is ENGINES[1]
    assert judges(item(4)) is ENGINES[4]


@pytest.mark.parametrize("fold", [None, 2])
def test_an_item_that_every_engine_may_have_seen_is_refused(fold: int | None) -> None:
    with pytest.raises(TrainingError, match=f"Punch/a.jpg is of fold {fold}, and there are fold models of 1, 4 alone"):
        engine_by_fold(ENGINES)(item(fold))


def test_what_none_has_seen_is_dealt_out_by_source_videos() -> None:
    judges = engines_in_turn(ENGINES)
    videos = [Item(Path(f"{clip}.jpg"), "Golf", f"v_Golf_g{clip % 20:02d}") for clip in range(60)]
    by_video: dict[str, set[str]] = {}
    for video in videos:
        engine = judges(video)
        assert isinstance(engine, Named)
        by_video.setdefault(video.group, set()).add(engine.name)
    assert {len(names) for names in by_video.values()} == {1}
    assert 5 <= sum(names == {"one"} for names in by_video.values()) <= 15
