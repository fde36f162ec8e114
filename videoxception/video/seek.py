"""Reading only the packets that are needed, by seeking past the others: ten frames of 500 MB are a few MB."""

from collections.abc import Iterator
from itertools import groupby

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.video.packets import Deadline, PacketTable, offset_of, payload
from videoxception.video.passes import PassFailed


class SeekFailed(PassFailed):
    """Seeking did not lead to where it should have: the file's index says something else than its packets."""


def can_seek(table: PacketTable) -> bool:
    """Return whether each packet can be told from the others by its offset in the file."""
    return min(table.offsets) >= 0 and len(set(table.offsets)) == len(table)


def needed_packets(
    container: InputContainer, stream: VideoStream, table: PacketTable, needed: bytearray, deadline: Deadline
) -> "Iterator[tuple[int, Packet[VideoStream]]]":
    """Yield the packets whose entry in `needed` is not 0, with their numbers; `table` is of an earlier reading.

    Each that is read is compared with the table, so that it is the right one whatever the file's index says. Raise
    `SeekFailed` if it is another.
    """
    number_at = {offset: number for number, offset in enumerate(table.offsets)}
    for start, end in _runs(needed):
        _seek(container, stream, table.times[start] if start else None)
        expected = start
        for packet in payload(container, stream, deadline):
            number = number_at.get(offset_of(packet), len(table))
            if number < start:  # an index that knows only some of the key packets leads to one before
                continue
            if number != expected or packet.pts != table.times[number]:
                raise SeekFailed
            yield number, packet
            expected += 1
            if expected == end:
                break
        if expected < end:
            raise SeekFailed


def _runs(needed: bytearray) -> Iterator[tuple[int, int]]:
    """Yield (first, behind the last) of each run of numbers that are needed."""
    for wanted, numbers in groupby(range(len(needed)), key=lambda number: needed[number] > 0):
        if wanted:
            run = list(numbers)
            yield run[0], run[-1] + 1


def _seek(container: InputContainer, stream: VideoStream, time: int | None) -> None:
    if time is None:
        return
    try:
        container.seek(time, stream=stream)
    except av.FFmpegError as error:
        raise SeekFailed from error
