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


@pytest.mark.parametrize(("empty", "found"), [(10, True), (1000, False)])
def test_a_bounded_number_of_units_is_looked_at(empty: int, found: bool) -> None:
    sps, pps, first, second = units()
    reader = FieldReader(avcc(sps, pps))
    assert not reader.is_second(memoryview(prefixed(first)), True)
    assert reader.is_second(memoryview(bytes(4) * empty + prefixed(second)), False) is found


@pytest.mark.parametrize(
    ("sps_number", "pps_number", "found"), [(31, 0, True), (32, 0, False), (0, 255, True), (0, 256, False)]
)
def test_parameter_sets_of_numbers_that_there_cannot_be_are_passed_over(
    sps_number: int, pps_number: int, found: bool
) -> None:
    sps, pps, first, second = units()
    reader = FieldReader(avcc(numbered(sps, 32, sps_number), numbered(numbered(pps, 9, sps_number), 8, pps_number)))
    fields = [prefixed(numbered(field, 16, pps_number)) for field in (first, second)]
    assert [reader.is_second(memoryview(field), False) for field in fields] == [False, found]


def units() -> list[bytes]:
    """The NAL units of a frame: its parameter sets, and two fields."""
    return [unit.removesuffix(b"\0") for packet in fields_of(0) for unit in packet.split(b"\0\0\1")[1:]]


def prefixed(unit: bytes, width: int = 4) -> bytes:
    return len(unit).to_bytes(width) + unit


def avcc(sps: bytes, pps: bytes) -> bytes:
    """An AVCDecoderConfigurationRecord, which says that sizes have four bytes."""
    return b"\1\x4d\0\x1e\xff\xe1" + prefixed(sps, 2) + b"\1" + prefixed(pps, 2)


def numbered(unit: bytes, at: int, number: int) -> bytes:
    """A unit in which the Exp-Golomb number at a bit, which is 0, is another."""
    bits, digits = f"{int.from_bytes(unit):0{8 * len(unit)}b}", f"{number + 1:b}"
    changed = bits[:at] + "0" * (len(digits) - 1) + digits + bits[at + 1 :]
    changed += "0" * (-len(changed) % 8)
    return int(changed, 2).to_bytes(len(changed) // 8)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_headers_do_no_harm(seed: int) -> None:
    rng = random.Random(seed)
    stream = bytearray(b"".join(fields_of(0)))
    for _ in range(rng.randint(1, 60)):
        stream[rng.randrange(60)] = rng.randrange(256)
    for extradata in (None, bytes(stream[:60]), b"\1" + rng.randbytes(40)):
        reader = FieldReader(extradata)
        assert reader.is_second(memoryview(stream), True) is False
