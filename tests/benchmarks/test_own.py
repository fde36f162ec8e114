"""The same folder for all, and judges that none has seen."""

from pathlib import Path

from benchmarks.own.__main__ import _laid_out, _row
from benchmarks.own.contestants import contestants
from training.data.dataset import DataSet, Item


def data_in(root: Path) -> DataSet:
    items = []
    for label in ("jump", "run"):
        (root / label).mkdir(parents=True)
        for number in range(20):
            path = root / label / f"{number}.jpg"
            path.write_bytes(f"{label} {number}".encode())
            items.append(Item(path, label, f"{label} {number // 4}"))
    return DataSet(tuple(items), ("jump", "run"))


def test_whole_source_videos_are_held_out(tmp_path: Path) -> None:
    data = data_in(tmp_path / "data")
    for _ in range(2):  # the second finds them laid out
        held = _laid_out(data, tmp_path / "data", tmp_path / "learn", tmp_path / "held")
    names = {path.relative_to(tmp_path / "held").as_posix() for path in (tmp_path / "held").rglob("*.jpg")}
    assert names == {item.path.relative_to(tmp_path / "data").as_posix() for item in held.items}
    assert len(held) == 8
    assert not set(held.groups) & {item.group for item in data.items if item not in held.items}
    assert len(list((tmp_path / "learn").rglob("*.jpg"))) == 32


def test_a_row_judges_what_was_named(tmp_path: Path) -> None:
    held = data_in(tmp_path)
    ours, *peers = contestants("python")
    named = {item.path.relative_to(tmp_path).as_posix(): "jump" for item in held.items}
    said = {"reported": 0.9, "epochs": 3, "named": named, "cpu_seconds": 90.0}
    assert "| 1 | 1.5 | 3 | 90.0% | 50.0% (" in _row(ours, said, held, tmp_path)
    assert all(30 < each.written < 90 for each in peers)
