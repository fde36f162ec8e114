"""`videoxception canary`: verdicts as exit codes, and what --apply does to stores."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shipped import SHIPPED
from tests.videoxception.canary.planted import NEW, OLD, planted, write
from tests.videoxception.cli.test_cli import run
from tests.videoxception.test_store import edit, install
from videoxception import bundled
from videoxception.store import ModelStore, Release

Printed = pytest.CaptureFixture[str]


def test_verdicts_are_exit_codes(tmp_path: Path, capsys: Printed) -> None:
    for pairs, status, verdict in (
        (planted(1500), 0, "promote"),
        (planted(600, disagree=0.2), 1, "roll back"),
        (planted(20), 4, "undecided"),
    ):
        assert run("canary", "--log", str(write(tmp_path / "log", pairs))) == status
        printed = capsys.readouterr().out
        assert printed.startswith(f"old: {OLD}, new: {NEW}\n")
        assert printed.endswith(f"verdict: {verdict}\n")


def test_limits_can_be_set(tmp_path: Path) -> None:
    log = str(write(tmp_path / "log", planted(600, disagree=0.2)))
    assert run("canary", "--log", log, "--min-agreement", "0.7") == 0
    assert run("canary", "--log", log, "--min-agreement", "70") == 2


def test_the_last_two_models_of_a_log_are_judged_unless_others_are_named(tmp_path: Path, capsys: Printed) -> None:
    earlier = planted(40, new="toy@3")
    log = write(tmp_path / "log", [*earlier, *planted(30)])
    log.write_text(log.read_text() + '{"default": {"mod')
    run("canary", "--log", str(log))
    printed = capsys.readouterr().out
    assert "30 pairs of" in printed
    assert "left out: 40 pairs of other models, 1 lines that are no pairs" in printed
    run("canary", OLD, "toy@3", "--log", str(log))
    assert "40 pairs of" in capsys.readouterr().out
    assert run("canary", OLD, "toy@4", "--log", str(log)) == 3
    assert (
        "has no pairs of toy@1 and toy@4; it has those of toy@1 and toy@2, toy@1 and toy@3" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "give --log, --data or both"),
        (["--data", "x"], "name two models"),
        (["toy@1", "--log", "x"], "name two models"),
        (["toy", "toy@2", "--log", "x"], "with their versions"),
        (["--log", "x", "--apply", "--store", ""], "--apply needs the service's store"),
    ],
)
def test_what_cannot_be_judged(options: list[str], reason: str, capsys: Printed) -> None:
    assert run("canary", *options) == 2
    assert reason in capsys.readouterr().err


def test_a_log_that_is_not_there(tmp_path: Path, capsys: Printed) -> None:
    assert run("canary", "--log", str(tmp_path / "none")) == 3
    assert "VX_CANARY_LOG" in capsys.readouterr().err


@pytest.fixture
def stores(release: Release, tmp_path: Path) -> tuple[Path, Path]:
    """The service's store with version 1, and that of candidates with version 2."""
    install(release, tmp_path / "models", "toy", 1)
    install(release, tmp_path / "candidates", "toy", 2)
    return tmp_path / "models", tmp_path / "candidates"


def applied(stores: tuple[Path, Path], log: Path) -> int:
    models, candidates = map(str, stores)
    return run("canary", "--log", str(log), "--apply", "--store", models, "--candidates", candidates)


def newest(store: Path) -> str:
    return str(ModelStore(built_in=store).load("toy"))


def good(folder: Path, new: str = NEW, weights: str = SHIPPED.sha256[:12]) -> Path:
    return write(folder / "log", planted(1500, new=new, weights=weights))


def bad(folder: Path, weights: str = SHIPPED.sha256[:12]) -> Path:
    return write(folder / "log", planted(600, disagree=0.2, weights=weights))


def test_promoting_puts_the_candidate_into_the_services_store(stores: tuple[Path, Path], tmp_path: Path) -> None:
    assert applied(stores, good(tmp_path)) == 0
    assert newest(stores[0]) == "toy@2"
    assert applied(stores, good(tmp_path)) == 0  # it is there


def test_what_is_undecided_changes_nothing(stores: tuple[Path, Path], tmp_path: Path) -> None:
    assert applied(stores, write(tmp_path / "log", planted(20))) == 4
    assert (newest(stores[0]), newest(stores[1])) == ("toy@1", "toy@2")


def test_rolling_back_takes_it_out_of_both_stores(stores: tuple[Path, Path], tmp_path: Path, capsys: Printed) -> None:
    assert applied(stores, good(tmp_path)) == 0
    assert applied(stores, bad(tmp_path)) == 1
    assert newest(stores[0]) == "toy@1"
    assert ModelStore(built_in=stores[1]).versions() == {}
    assert next((stores[1] / "toy").iterdir()).name.startswith(".withdrawn-2-")
    capsys.readouterr()
    assert applied(stores, bad(tmp_path)) == 3
    assert "toy@2 is not in" in capsys.readouterr().err


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def no_hashes(folder: Path) -> None:
    edit(folder, files={})


def no_json(folder: Path) -> None:
    (folder / "model.json").write_text("nonsense")


def nothing(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize("damage", [no_weights, no_hashes, no_json, nothing])
def test_a_damaged_candidate_is_rolled_back(
    damage: Callable[[Path], None], stores: tuple[Path, Path], tmp_path: Path
) -> None:
    assert applied(stores, good(tmp_path)) == 0
    for store in stores:
        damage(store / "toy/2")
    assert applied(stores, bad(tmp_path)) == 1
    assert [ModelStore(built_in=store).versions() for store in stores] == [{"toy": [1]}, {}]


def test_a_damaged_release_of_other_weights_stays(stores: tuple[Path, Path], tmp_path: Path) -> None:
    no_weights(stores[1] / "toy/2")
    assert applied(stores, bad(tmp_path, weights="f" * 12)) == 3
    assert ModelStore(built_in=stores[1]).versions() == {"toy": [2]}


def test_an_older_version_or_another_model_is_not_promoted(
    stores: tuple[Path, Path], release: Release, tmp_path: Path, capsys: Printed
) -> None:
    install(release, stores[0], "toy", 3)
    assert applied(stores, good(tmp_path)) == 3
    assert "has toy@3, and the newest version answers" in capsys.readouterr().err
    assert applied(stores, good(tmp_path, new="other@2")) == 3
    assert "set VX_MODEL=other" in capsys.readouterr().err


def test_what_has_other_weights_than_were_judged_stays_where_it_is(
    stores: tuple[Path, Path], tmp_path: Path, capsys: Printed
) -> None:
    for log in (good(tmp_path, weights="f" * 12), bad(tmp_path, weights="f" * 12)):
        assert applied(stores, log) == 3
        assert "than those that were judged (ffffffffffff)" in capsys.readouterr().err
    assert (newest(stores[0]), newest(stores[1])) == ("toy@1", "toy@2")


def test_a_damaged_candidate_is_not_promoted(stores: tuple[Path, Path], tmp_path: Path, capsys: Printed) -> None:
    edit(stores[1] / "toy" / "2", files={})
    assert applied(stores, good(tmp_path)) == 3
    assert "gives no sha256" in capsys.readouterr().err
    assert newest(stores[0]) == "toy@1"


def test_a_labelled_set_is_judged_by_what_compare_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed
) -> None:
    asked: list[list[str]] = []
    found = '{"items": 900, "videos": 300, "figures": {"top1": {"mean": 0.01, "interval": [0.0, 0.02], "p_videos": 1}}}'

    def output_of(module: str, arguments: list[str]) -> tuple[int, str]:
        asked.append([module, *arguments])
        return (0, found) if len(asked) == 1 else (1, "")

    monkeypatch.setattr(bundled, "output_of", output_of)
    options = ["canary", OLD, NEW, "--data", "videos", "--layout", "folders", "--skip-bad", "--store", "a"]
    options += ["--candidates", "b"]
    assert run(*options, "--log", str(write(tmp_path / "log", planted(1500, disagree=0.2)))) == 0
    compare = ["training.compare_models", OLD, NEW, "--json", "--store", "a:b", "--data", "videos"]
    assert asked == [[*compare, "--layout", "folders", "--skip-bad"]]
    assert "change of top-1 on the labelled set: +1.0 points (+0.0 to +2.0), p 1.0000" in capsys.readouterr().out
    assert run(*options) == 3
    assert "could not be compared" in capsys.readouterr().err
