"""Tables of rows: all from one reading, and none that is half written."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.videoxception.bulk.conftest import table
from videoxception.bulk.errors import BulkError
from videoxception.bulk.merge import merge
from videoxception.bulk.rows import Header, Row
from videoxception.bulk.shards import Form

ANSWERED = {
    "label": "a",
    "confidence": 0.9,
    "known": True,
    "known_score": 0.9,
    "answer_set": ["a", "b"],
    "probabilities": {"a": 0.9, "b": 0.1},
}
TIMES = {"start": 0, "end": 1}
LOOKED = {"timeline": [{**TIMES, "label": "a", "confidence": 0.9}], "segments": [{**TIMES, **ANSWERED}]}
CLIP = {"duration": 1, "width": 2, "height": 2, "codec": "h264", "timestamps": [0.5], "warnings": ["short", "damaged"]}
ANSWER = Row.model_validate({"video": "good.mp4", "clip": CLIP, "sha256": "0", **ANSWERED, **LOOKED})
FAILURE = Row.model_validate({"video": "bad.mp4", "error": {"type": "unreadable", "detail": "gone"}})
MODEL = {"name": "toy", "version": 1, "sha256": "0", "precision": "f32"}
PINNED = {"videoxception": "1", "model": MODEL, "device": "cpu", "coverage": 0.95, "classes": ["a", "b"]}
HEADER = Header.model_validate({**PINNED, "look": {"window": 1}})
NAMES = ("results", "failed", "timeline", "windows")


class Once:
    """Rows that can be read once."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.done: set[str] = set()
        self._rows = iter(rows)

    def rows(self) -> Iterator[Row]:
        return self._rows


def cut_off() -> Iterator[Row]:
    yield FAILURE
    raise BulkError("a shard is damaged")


def read(folder: Path, name: str, form: Form) -> list[dict[str, object]]:
    if form == "parquet":
        return parquet.read_table(folder / f"{name}.parquet").to_pylist()
    return table(folder / f"{name}.csv")


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_all_tables_are_made_from_one_reading(form: Form, tmp_path: Path) -> None:
    merged = merge(tmp_path, Once([FAILURE, *[ANSWER] * 1001]), HEADER, form)  # more than Parquet's groups have
    assert (merged.answered, merged.failed) == (1001, [FAILURE])
    found = {name: read(tmp_path, name, form) for name in NAMES}
    assert {name: len(rows) for name, rows in found.items()} == dict(zip(NAMES, (1001, 1, 1001, 1001), strict=True))
    assert {row["video"] for name in NAMES for row in found[name] if name != "failed"} == {"good.mp4"}
    assert found["results"][0]["warnings"] == ("short; damaged" if form == "jsonl" else ["short", "damaged"])
    assert float(found["windows"][-1]["p_b"]) == 0.1
    assert found["failed"] == [{"video": "bad.mp4", "type": "unreadable", "detail": "gone"}]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_tables_of_before_stay_if_a_row_cannot_be_read(form: Form, tmp_path: Path) -> None:
    merge(tmp_path, Once([ANSWER]), HEADER, form)
    with pytest.raises(BulkError):
        merge(tmp_path, Once(cut_off()), HEADER, form)
    assert [len(read(tmp_path, name, form)) for name in NAMES] == [1, 0, 1, 1]
