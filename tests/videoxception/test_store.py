import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from videoxception.answer_sets import LEVELS
from videoxception.store import (
    ModelStore,
    Release,
    StoreError,
    UnknownModel,
    check_writable,
    copy_release,
    open_release,
    publish,
    user_store,
    withdraw,
)


def install(release: Release, store: Path, name: str = "toy", version: int = 1) -> Path:
    """A copy of the shipped model under another name and version."""
    folder = store / name / str(version)
    shutil.copytree(release.folder, folder)
    edit(folder, name=name, version=version)
    return folder


def edit(folder: Path, **changes: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def with_answer_sets(folder: Path) -> None:
    """Give an installed model a threshold of 1 - coverage for every answer set."""
    calibration = json.loads((folder / "model.json").read_text())["calibration"]
    edit(folder, calibration=calibration | {"answer_set_thresholds": [1 - level for level in LEVELS]})


def without_answer_sets(folder: Path) -> None:
    """Make an installed model one from before there were answer sets."""
    calibration = json.loads((folder / "model.json").read_text())["calibration"]
    edit(folder, calibration={name: calibration[name] for name in calibration if name != "answer_set_thresholds"})


def store_at(path: Path) -> ModelStore:
    return ModelStore(built_in=path)


def test_the_newest_version_is_taken_and_any_can_be_pinned(release: Release, tmp_path: Path) -> None:
    for version in (1, 2, 10):
        install(release, tmp_path, version=version)
    store = store_at(tmp_path)
    assert str(store.load("toy")) == "toy@10"
    assert str(store.load("toy@2")) == "toy@2"
    assert store.versions() == {"toy": [1, 2, 10]}


def test_the_default_is_c_then_b_then_a(release: Release, tmp_path: Path) -> None:
    for name in ("videoxception-d", "videoxception-a", "videoxception-b", "videoxception-c"):
        install(release, tmp_path, name)
        if name != "videoxception-d":  # which is asked for by its name alone
            assert store_at(tmp_path).load().manifest.name == name


@pytest.mark.parametrize(("damaged", "name"), [("c", "videoxception-b"), ("cb", "videoxception-a")])
def test_damaged_ones_leave_the_next_as_the_default(damaged: str, name: str, release: Release, tmp_path: Path) -> None:
    for letter in "abc":
        folder = install(release, tmp_path, f"videoxception-{letter}")
        if letter in damaged:
            corrupt_weights(folder)
    assert store_at(tmp_path).load().manifest.name == name


def test_what_is_listed_was_read_but_not_checked(release: Release, tmp_path: Path) -> None:
    corrupt_weights(install(release, tmp_path, version=10))
    (install(release, tmp_path, version=2) / "model.json").write_text("{")
    found = store_at(tmp_path).listed()
    assert list(found) == [("toy", 2), ("toy", 10)]
    assert found["toy", 2] is None
    assert str(found["toy", 10]) == "toy@10"


def test_a_search_path_looks_in_the_built_in_store_first(release: Release, tmp_path: Path) -> None:
    install(release, tmp_path / "one", "extra")
    install(release, tmp_path / "two", release.manifest.name, release.manifest.version)
    store = ModelStore.from_path(os.pathsep.join([str(tmp_path / "one"), str(tmp_path / "two")]))
    assert store.load("extra").folder == tmp_path / "one/extra/1"
    assert store.load(str(release)).folder == release.folder


@pytest.mark.parametrize("reference", ["nothing", "toy@7", "toy@", "toy@x", "../toy", "@1"])
def test_unknown_models_are_said_to_be_unknown(reference: str, release: Release, tmp_path: Path) -> None:
    install(release, tmp_path)
    with pytest.raises(UnknownModel, match="there are toy@1"):
        store_at(tmp_path).load(reference)


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    with pytest.raises(
        UnknownModel, match=r"no model videoxception-c or videoxception-b or videoxception-a in .*; there are"
    ):
        store_at(tmp_path / "missing").load()


def test_a_store_that_cannot_be_written_is_noticed_before_anything_is_made(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "store")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is no folder that can be written"):
        check_writable(tmp_path / "file" / "store")


def corrupt_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a flipped bit": (corrupt_weights, "model.safetensors is damaged: its sha256"),
    "a missing graph": (lambda folder: (folder / "graph.bin").unlink(), "graph.bin cannot be read: No such file"),
    "no model.json": (lambda folder: (folder / "model.json").unlink(), "model.json cannot be read .*half of one"),
    "cut model.json": (lambda folder: (folder / "model.json").write_text('{"name":'), "model.json is not a format 2"),
    "a foreign model.json": (lambda folder: (folder / "model.json").write_text("{}"), "model.json: Field required"),
    "a later format": (lambda folder: edit(folder, format_version=3), "format_version"),
    "another version": (lambda folder: edit(folder, version=9), "toy@9, which does not belong"),
    "no hashes": (lambda folder: edit(folder, files={}), "gives no sha256 for model.safetensors"),
    "a class twice": (lambda folder: edit(folder, classes=["a", "a"]), "a class is named twice"),
    "no predictions": (
        lambda folder: (folder / "predictions.safetensors").unlink(),
        "predictions.safetensors cannot be",
    ),
    "a fold without a number": (
        lambda folder: edit(folder, format_version=1, folds={"x": "0" * 64}),
        "model.json: it: .*invalid",
    ),
    "other classes": (lambda folder: edit(folder, classes=["a", "b"]), "one logit a class"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_and_an_older_whole_version_serves(
    damage: str, release: Release, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(release, tmp_path, version=1)
    folder = install(release, tmp_path, version=2)
    corrupt, message = DAMAGES[damage]
    corrupt(folder)
    message = message.replace("model.json: Field", "model.json.*: Field")
    with pytest.raises(StoreError, match=message):
        open_release(folder)
    with pytest.raises(StoreError, match=message):
        store_at(tmp_path).load("toy@2")
    assert str(store_at(tmp_path).load("toy")) == "toy@1"
    assert "passing over a released model" in caplog.text


@pytest.mark.parametrize("there", [True, False])
def test_format_1_is_read_with_and_without_the_weights_of_fold_models(
    there: bool, release: Release, tmp_path: Path
) -> None:
    """It lists them among the files; they were taken out of the models that the project ships."""
    folder = install(release, tmp_path)
    edit(folder, format_version=1, folds={"10": "0" * 64, "4": "1" * 64})
    edit(folder, files={**json.loads((folder / "model.json").read_text())["files"], "fold-4.safetensors": "2" * 64})
    if there:
        (folder / "fold-4.safetensors").write_bytes(b"whatever")
    found = open_release(folder).manifest
    assert found.folds == [4, 10]
    assert not any(name.startswith("fold-") for name in found.files)


def test_if_all_versions_are_damaged_the_error_says_what_is_wrong(release: Release, tmp_path: Path) -> None:
    corrupt_weights(install(release, tmp_path))
    with pytest.raises(StoreError, match="is damaged"):
        store_at(tmp_path).load("toy")


def test_publishing_makes_the_next_version(release: Release, tmp_path: Path) -> None:
    def write(folder: Path, version: int) -> None:
        shutil.copytree(release.folder, folder, dirs_exist_ok=True)
        edit(folder, name="toy", version=version)

    assert str(publish(tmp_path, "toy", write)) == "toy@1"
    assert str(publish(tmp_path, "toy", write)) == "toy@2"
    assert sorted(p.name for p in (tmp_path / "toy").iterdir()) == ["1", "2"]
    assert {oct(p.stat().st_mode)[-3:] for p in (tmp_path / "toy/1").iterdir()} == {"644"}


def test_a_failed_publication_leaves_nothing(release: Release, tmp_path: Path) -> None:
    def half(folder: Path, version: int) -> None:
        shutil.copy(release.weights, folder)

    with pytest.raises(StoreError, match=r"model\.json cannot be read"):
        publish(tmp_path, "toy", half)
    assert list((tmp_path / "toy").iterdir()) == []
    assert store_at(tmp_path).versions() == {}


def test_names_that_would_not_load_are_not_published(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"'\.\./x'"):
        publish(tmp_path, "../x", lambda folder, version: None)


def test_a_users_own_store_is_searched_unasked(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    before = ModelStore.from_path("")
    install(release, tmp_path / "videoxception/models", "mine")
    assert str(before.load("mine")) == "mine@1"
    assert "mine" in before.versions()


@pytest.mark.parametrize("named", ["", "relative/path"])
def test_a_users_own_store_is_below_the_home_folder(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", named)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_store() == tmp_path / ".local/share/videoxception/models"


def test_a_copy_is_whole_and_keeps_its_version(release: Release, tmp_path: Path) -> None:
    original = open_release(install(release, tmp_path / "one", version=7))
    copied = copy_release(original, tmp_path / "two")
    assert str(copied) == "toy@7"
    assert {path.name: path.read_bytes() for path in copied.folder.iterdir()} == {
        path.name: path.read_bytes() for path in original.folder.iterdir()
    }
    with pytest.raises(StoreError, match="toy@7 cannot be copied into"):
        copy_release(original, tmp_path / "two")
    assert [path.name for path in (tmp_path / "two" / "toy").iterdir()] == ["7"]


def test_what_is_withdrawn_is_found_no_more_and_its_files_stay(release: Release, tmp_path: Path) -> None:
    for _ in range(2):  # the same release may come again
        hidden = withdraw(install(release, tmp_path, version=2))
        assert store_at(tmp_path).versions() == {}
        assert (hidden / "model.json").is_file()
    with pytest.raises(StoreError, match="3 cannot be taken out of"):
        withdraw(tmp_path / "toy/3")
