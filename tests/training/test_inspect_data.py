"""A small folder with all that may be wrong in one, looked over once."""

import csv
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.shipped import DEFAULT
from training import inspect_data
from training.config.data import DataConfig
from training.data.dataset import Item
from training.data.readers.video_folder import LAYOUT
from training.errors import TrainingError
from training.evaluation.doubted_files import DoubtedFile, doubted_files
from training.find_groups import find_groups
from training.find_groups import main as find_groups_command
from training.inspect_data import inspect, main
from training.reporting.inspection.findings import Findings
from training.reporting.inspection.page import write_page
from videoxception.video.encode import encode

SCENES, CLIPS = 5, 3


def frames(scene: int, clip: int) -> Iterator[npt.NDArray[np.uint8]]:
    """A square that moves before what is the same in all clips of a scene."""
    rng = np.random.default_rng(scene)
    back = rng.integers(0, 256, (6, 8, 3)).repeat(16, 0).repeat(16, 1)
    for step in range(6):
        shown = back.copy()
        left = 10 * clip + 8 * step
        shown[30:50, left : left + 20] = 255 - 40 * clip
        yield shown.astype(np.uint8)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of five scenes each, three clips of each scene, and files with trouble."""
    root = tmp_path_factory.mktemp("films") / "my films & <more>"
    for number, label in enumerate(("hop", "spin")):
        (root / label).mkdir(parents=True)
        for scene in range(SCENES):
            for clip in range(CLIPS):
                encode(root / label / f"{scene}{clip}.mp4", frames(10 * number + scene, clip), (96, 128), 6)
    shutil.copy(root / "hop/00.mp4", root / "spin/copy.mp4")
    (root / "hop/empty.mp4").touch()
    (root / "hop/text.mp4").write_text("no video")
    (root / "hop/link.mp4").symlink_to("nowhere.mp4")
    (root / "hop/thoughts.docx").write_text("?")
    shutil.copy(root / "hop/00.mp4", root / "loose.mp4")
    (root / "GROUPS.tsv").write_text("path\tgroup\n")
    return root


@pytest.fixture(scope="session")
def findings(folder: Path) -> Findings:
    return inspect(folder)


def test_every_file_of_no_use_has_a_remedy(findings: Findings) -> None:
    names = {trouble.path.name for trouble in findings.useless}
    assert names == {"empty.mp4", "text.mp4", "link.mp4", "thoughts.docx", "loose.mp4"}
    assert all(trouble.remedy for trouble in findings.troubles)


def test_clips_of_one_scene_are_found_to_be_of_one_source_video(findings: Findings) -> None:
    groups: dict[tuple[str, str], set[str]] = {}
    for item in findings.groups.items:
        if item.path.stem != "copy":
            groups.setdefault((item.label, item.path.stem[0]), set()).add(item.group)
    assert [len(found) for found in groups.values()] == [1] * 2 * SCENES
    assert findings.groups.sizes[0] <= 2 * CLIPS + 1


def test_a_copy_in_another_class_is_told(findings: Findings) -> None:
    (same,) = findings.copies_in_two_classes
    assert {path.name for path in same} == {"00.mp4", "copy.mp4"}
    assert next(findings.advice()) == "1 file lying in two classes at once: keep each in one"
    assert {findings.media[row].place.path.name for row in findings.twins[0].rows} == {"00.mp4", "copy.mp4"}


def test_the_page_asks_nothing_of_any_network_and_escapes_names(findings: Findings, tmp_path: Path) -> None:
    text = write_page(tmp_path / "index.html", findings, 10).read_text()
    assert "Content-Security-Policy\" content=\"default-src 'none'; img-src data:;" in text
    assert re.findall(r"""(?:src|href)\s*=\s*["'](?!data:)""", text) == []
    assert "<script" not in text
    assert "http:" not in text
    assert "my films &amp; &lt;more&gt;" in text
    assert "<more>" not in text
    assert text.count("data:image/jpeg;base64,") > SCENES


def test_the_command_writes_a_page_and_tables(
    folder: Path,
    findings: Findings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inspect_data, "inspect", lambda *_: findings)
    main([str(folder), "--output", str(tmp_path / "out")])
    assert "31 videos" in capsys.readouterr().out
    with (tmp_path / "out/files.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * SCENES * CLIPS + 1
    assert {row["fold"] for row in rows} == set("01234")
    assert (tmp_path / "out/index.html").exists()


def test_a_model_that_never_saw_the_folder_cannot_doubt_its_labels(findings: Findings) -> None:
    with pytest.raises(TrainingError, match="name the model that was trained on them"):
        doubted_files(DEFAULT, findings.groups.items)


def test_doubted_labels_are_shown_with_ten_frames(findings: Findings, tmp_path: Path) -> None:
    film, other = (item.path for item in findings.groups.items[:2])
    doubted = [
        DoubtedFile(Item(film, "hop", "hop"), 3.0, 0.04, "spin", 0.9),
        DoubtedFile(Item(other, "hop", "hop"), -2.0, 0.8, "spin", 0.1),
    ]
    text = write_page(tmp_path / "index.html", replace(findings, doubted=doubted), 1).read_text()
    assert "is in <b>hop</b> (4%), looks like <b>spin</b> (90%)" in text
    assert text.count(f'alt="frame of {film.name}"') >= 10
    assert "1 label contradicted by the model" in text


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds no video or still in a folder of its class"):
        main([str(tmp_path)])


def test_found_groups_are_a_table_that_training_takes(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for label in ("hop", "spin"):
        (data / label).mkdir(parents=True)
        for path in sorted((folder / label).glob("[0-9][0-9].mp4")):
            shutil.copy(path, data / label)
    table = tmp_path / "groups.tsv"
    find_groups_command(["--layout", "folders", "--data", str(data), "--output", str(table)])
    config = DataConfig(data=str(data), layout="folders", groups=f"{table}:group")
    items = LAYOUT.load(config, ("hop", "spin")).items
    assert {item.fold for item in items} == set(range(5))
    assert len({item.group for item in items}) == 2 * SCENES


def test_names_that_tell_source_videos_are_believed(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for number in range(6):
            (tmp_path / label / f"me_g{number // 2:02}_c{number % 2:02}.mp4").write_bytes(f"{label} {number}".encode())
    found = find_groups(DataConfig(data=str(tmp_path), layout="folders"))
    assert found.sizes == [2] * 6  # no file was opened: none is a video
    assert found.upper_bound == ""
