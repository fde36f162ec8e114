"""Source videos are looked for once, and again when there are clips that were not there."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.conftest import draw
from training import recipes, train_folder
from training.config.data import DataConfig
from training.config.schema import Config
from training.data.found_groups import FoundGroups
from training.data.loading import open_dataset


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[DataConfig]:
    """Each time that source videos were looked for; all clips of a class are found to be of one."""
    asked: list[DataConfig] = []

    def find(config: DataConfig) -> FoundGroups:
        asked.append(config)
        items = open_dataset(config).part(None).items
        found = tuple(replace(item, group=item.label, fold=number % 5) for number, item in enumerate(items))
        return FoundGroups(found, [0.6] * len(items), 0, 0.5)

    monkeypatch.setattr(train_folder, "find_groups", find)
    return asked


def config_of(root: Path, **changes: object) -> Config:
    return replace(recipes.own(), data=replace(recipes.own().data, data=str(root), **changes))


def test_source_videos_are_looked_for_once(looked: list[DataConfig], tmp_path: Path) -> None:
    root = tmp_path / "clips"
    for name in ("jump/1.jpg", "jump/2.jpg", "run/1.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        draw(root / name, (9, 9, 9), len(name))
    for _ in range(2):
        config, doubt = train_folder.with_found_groups(config_of(root), tmp_path / "run")
        assert "upper bound" in doubt
        assert [item.group for item in open_dataset(config.data).part(None).items] == ["jump", "jump", "run"]
    assert len(looked) == 1
    draw(root / "run/2.jpg", (200, 9, 9), 7)
    train_folder.with_found_groups(config_of(root), tmp_path / "run")
    assert len(looked) == 2


def test_what_a_person_says_is_believed(looked: list[DataConfig], tmp_path: Path) -> None:
    config = config_of(tmp_path, group_pattern="(.*)")
    assert train_folder.with_found_groups(config, tmp_path) == (config, "")
    assert not looked
