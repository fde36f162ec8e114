"""Names that are taken, and runs that were stopped while they were released."""

import shutil
from pathlib import Path

import pytest

from tests.commands import command
from tests.shipped import NAME, SHIPPED, VERSION
from tests.training.conftest import Runs
from training import run
from training.errors import TrainingError
from training.releases import check_name, mark_released, released_as
from videoxception.store import next_version


def test_a_name_of_other_classes_is_refused(tmp_path: Path) -> None:
    """Wherever that model lies: the shipped ones are found before one's own."""
    with pytest.raises(TrainingError, match=f"--name {NAME}: {SHIPPED} in .* has other classes .*a name of its own"):
        check_name(tmp_path, NAME, ("run", "jump"))
    check_name(tmp_path, NAME, SHIPPED.manifest.classes)
    check_name(tmp_path, "mine", ("run", "jump"))


def test_versions_count_over_all_stores(tmp_path: Path) -> None:
    assert next_version(tmp_path, NAME) == VERSION + 1
    assert next_version(tmp_path, "mine") == 1


def test_a_name_that_is_taken_is_told_before_anything_is_trained(stills_root: Path, tmp_path: Path) -> None:
    data = ["--layout", "stills", "--data", str(stills_root), "--classes", "Bowling,Punch", "--name", NAME]
    ended = command("training.run", *data, "--run", str(tmp_path / "run"), "--store", str(tmp_path))
    assert ended.returncode == 1
    assert "give this model a name of its own" in ended.stderr
    assert not (tmp_path / "run").exists()


@pytest.fixture
def finished(runs: Runs, tmp_path: Path) -> list[str]:
    """The options that go on with a finished run which was not released."""
    shutil.copytree(runs.finished(fold=1, seed=0), tmp_path / "run")
    config = ["--config", str(tmp_path / "run/config.json"), "--name", "toy"]
    (tmp_path / "run/config.json").write_text(
        (tmp_path / "run/config.json").read_text().replace('"name": "small"', '"name": "toy"')
    )
    return [*config, "--run", str(tmp_path / "run"), "--cache", str(runs.cache), "--resume"]


def test_a_run_that_was_stopped_while_it_was_released_is_released(
    finished: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[tuple[Path, Path]] = []
    monkeypatch.setattr(run, "_publish", lambda folder, store, int8: released.append((folder, store)))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    ended = command("training.run", *finished)
    assert ended.returncode == 0, ended.stderr
    assert released == [(tmp_path / "run", tmp_path / "videoxception/models")]
    mark_released(tmp_path / "run", SHIPPED)
    again = command("training.run", *finished)
    assert f"was finished already, and released as {SHIPPED}" in again.stdout
    assert len(released) == 1


def test_a_release_that_is_gone_counts_for_nothing(tmp_path: Path) -> None:
    assert released_as(tmp_path) is None
    mark_released(tmp_path, SHIPPED)
    assert released_as(tmp_path) == str(SHIPPED)
    moved = (tmp_path / "released.json").read_text().replace(str(SHIPPED.folder), str(tmp_path / "gone"))
    (tmp_path / "released.json").write_text(moved)
    assert released_as(tmp_path) is None
