"""Ways to corrupt a video file, each as a damaged disk, a bad network or a hostile sender might."""

import random
from collections.abc import Callable, Sequence

Mutation = Callable[[bytearray, random.Random], bytearray]
_BOXES = (
    b"moov",
    b"trak",
    b"stsd",
    b"stts",
    b"ctts",
    b"stsz",
    b"stco",
    b"stss",
    b"mdat",
    b"avih",
    b"strh",
    b"idx1",
    b"LIST",
)
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def flip_bits(data: bytearray, rng: random.Random) -> bytearray:
    """One to a thousand bits, anywhere."""
    for _ in range(int(10 ** rng.uniform(0, 3))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def flip_header_bits(data: bytearray, rng: random.Random) -> bytearray:
    """A few bits among the first or the last kilobytes, where headers and indexes lie."""
    for _ in range(rng.randint(1, 30)):
        near = rng.randrange(min(len(data), 4096))
        data[near if rng.random() < 0.5 else -1 - near] ^= 1 << rng.randrange(8)
    return data


def truncate(data: bytearray, rng: random.Random) -> bytearray:
    """Cut off somewhere."""
    return data[: rng.randrange(len(data))]


def remove_middle(data: bytearray, rng: random.Random) -> bytearray:
    """A stretch is missing, and what is behind it has moved."""
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randrange(1, max(2, len(data) // 4)) :]


def repeat(data: bytearray, rng: random.Random) -> bytearray:
    """A stretch comes twice."""
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.randrange(1, max(2, len(data) // 4)))
    return data[:end] + data[start:]


def zero(data: bytearray, rng: random.Random) -> bytearray:
    """A stretch was never written."""
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.randrange(1, max(2, len(data) // 4)))
    data[start:end] = bytes(end - start)
    return data


def lie_in_a_box(data: bytearray, rng: random.Random) -> bytearray:
    """Numbers in or before a box or chunk are replaced by extreme ones: sizes, counts, offsets, widths."""
    places = [at for name in _BOXES if (at := data.find(name)) >= 0]
    at = rng.choice(places) if places else rng.randrange(len(data))
    for _ in range(rng.randint(1, 4)):
        where = max(0, min(len(data) - 4, at + rng.choice((-4, 4 * rng.randrange(1, 40)))))
        data[where : where + 4] = rng.choice(_NUMBERS).to_bytes(4, rng.choice(("big", "little")))
    return data


def rename_a_box(data: bytearray, rng: random.Random) -> bytearray:
    """A box or chunk calls itself another."""
    places = [at for name in _BOXES if (at := data.find(name)) >= 0]
    if places:
        at = rng.choice(places)
        data[at : at + 4] = rng.choice(_BOXES)
    return data


ALONE: tuple[Mutation, ...] = (
    flip_bits,
    flip_header_bits,
    truncate,
    remove_middle,
    repeat,
    zero,
    lie_in_a_box,
    rename_a_box,
)


def corrupt(seeds: Sequence[bytes], rng: random.Random) -> bytes:
    """One of the files, corrupted one to three times, or spliced with another one."""
    data = bytearray(rng.choice(seeds))
    if rng.random() < 0.1:
        other = rng.choice(seeds)
        data = data[: rng.randrange(1, len(data))] + other[rng.randrange(len(other)) :]
    for _ in range(rng.randint(1, 3)):
        if data:
            data = rng.choice(ALONE)(data, rng)
    return bytes(data)
