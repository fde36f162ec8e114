"""Headers of H.264 that are damaged or hostile: no field is found, and nothing fails."""

import random

import pytest

from tests.paff import fields_of
from videoxception.video.h264 import FieldReader


def test_fields_are_told_from_each_other() -> None:
    first, second = fields_of(0)
    reader = FieldReader(None)
    assert [reader.is_second(memoryview(packet), True) for packet in (first, second, first, second)] == [
        False,
        True,
    ] * 2
    assert [reader.is_second(memoryview(packet), False) for packet in (first + second, second)] == [False, False]


def test_two_fields_of_one_kind_are_two_frames() -> None:
    first, _ = fields_of(0)
    reader = FieldReader(None)
    assert not any(reader.is_second(memoryview(first), True) for _ in range(4))


@pytest.mark.parametrize("seed", range(20))
def test_damaged_headers_do_no_harm(seed: int) -> None:
    rng = random.Random(seed)
    stream = bytearray(b"".join(fields_of(0)))
    for _ in range(rng.randint(1, 60)):
        stream[rng.randrange(60)] = rng.randrange(256)
    for extradata in (None, bytes(stream[:60]), b"\1" + rng.randbytes(40)):
        reader = FieldReader(extradata)
        assert reader.is_second(memoryview(stream), True) is False
