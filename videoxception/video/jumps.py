"""Reading only the packets that are needed, by jumping over the others: ten pictures of 500 MB are a few MB."""

from collections.abc import Iterator
from itertools import groupby

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.video.packets import Patience, Reel, payload, place_of


class Lost(Exception):
    """A jump that did not lead to where it should have: the file's index says something else than its packets."""


def can_jump(reel: Reel) -> bool:
    """Whether packets can be told by where they lie in the file."""
    return min(reel.places) >= 0 and len(set(reel.places)) == len(reel)


def needed_packets(
    container: InputContainer, stream: VideoStream, reel: Reel, needed: bytearray, patience: Patience
) -> "Iterator[tuple[int, Packet[VideoStream]]]":
    """The packets whose entry in `needed` is not 0, with their numbers; `reel` knows them from an earlier reading.

    Each that is read is compared with the reel, so that it is the right one whatever the file's index says, or else
    `Lost` is raised.
    """
    number_at = {place: number for number, place in enumerate(reel.places)}
    for start, end in _runs(needed):
        _jump(container, stream, reel.times[start] if start else None)
        expected = start
        for packet in payload(container, stream, patience):
            number = number_at.get(place_of(packet), len(reel))
            if number < start:  # an index that knows only some of the key packets leads to one before
                continue
            if number != expected or packet.pts != reel.times[number]:
                raise Lost
            yield number, packet
            expected += 1
            if expected == end:
                break
        if expected < end:
            raise Lost


def _runs(needed: bytearray) -> Iterator[tuple[int, int]]:
    """(first, behind the last) of each stretch of numbers that are needed."""
    for wanted, numbers in groupby(range(len(needed)), key=lambda number: needed[number] > 0):
        if wanted:
            run = list(numbers)
            yield run[0], run[-1] + 1


def _jump(container: InputContainer, stream: VideoStream, time: int | None) -> None:
    if time is None:
        return
    try:
        container.seek(time, stream=stream)
    except av.FFmpegError as error:
        raise Lost from error
