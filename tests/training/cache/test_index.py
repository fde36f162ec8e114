from pathlib import Path

import pytest

from training.cache.index import INDEX, Entry, Place, Source, read_index, to_line

ENTRIES = [
    Entry("/data/a.avi", Source(5, 7, "ab" * 32), Place(0, 0, (2, 4, 6, 3), (6, 3, 8, 12), 99)),
    Entry("/data/h\x85l\udcffi.avi", Source(6, 8, "cd" * 32), None, "no video\nat all"),  # an odd name
    Entry("/data/c.avi", Source(7, 9, "ef" * 32), Place(1, 1872, (1, 4, 6, 3), (1, 3, 8, 12), 1)),
]
LINES = [to_line(entry) for entry in ENTRIES]


def test_lines_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / INDEX).write_bytes(b"".join(LINES))
    assert read_index(tmp_path) == (ENTRIES, len(b"".join(LINES)))


def test_no_index_is_an_empty_one(tmp_path: Path) -> None:
    assert read_index(tmp_path) == ([], 0)


@pytest.mark.parametrize("cut", range(1, len(LINES[2])))
def test_a_line_that_was_cut_short_is_none(cut: int, tmp_path: Path) -> None:
    whole = LINES[0] + LINES[1]
    (tmp_path / INDEX).write_bytes(whole + LINES[2][:-cut])
    assert read_index(tmp_path) == (ENTRIES[:2], len(whole))


@pytest.mark.parametrize("tail", [b"\0" * 4096, b"\n", b"00000000 {}\n", LINES[2].replace(b"c.avi", b"d.avi")])
def test_a_line_that_is_not_as_it_was_written_ends_the_index(tail: bytes, tmp_path: Path) -> None:
    (tmp_path / INDEX).write_bytes(LINES[0] + tail + LINES[1])
    assert read_index(tmp_path) == (ENTRIES[:1], len(LINES[0]))


def test_a_place_tells_where_its_parts_end() -> None:
    place = ENTRIES[0].place
    assert place is not None
    assert place.middle == 2 * 4 * 6 * 3
    assert place.end == place.middle + 6 * 3 * 8 * 12
