"""Packed B-frames, as DivX and XviD write them into AVI files: FFmpeg's encoder packs none."""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from tests.videos import RATE

_START = b"\0\0\1\xb6"
_EMPTY = _START + b"\x51\0\0"  # a frame without content
_SAID = b"DivX503b1393p"  # what an encoder that packs says of itself


def pack(source: Path, target: Path) -> Path:
    """The frames of an MPEG-4 video in AVI, with each B-frame in the packet before its own place."""
    with av.open(str(source)) as original, av.open(str(target), "w") as copy:
        stream = original.streams.video[0]
        written = copy.add_stream_from_template(stream)
        for k, content in enumerate(_packed([bytes(packet) for packet in original.demux(stream) if packet.size])):
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = written, Fraction(1, RATE), _is("I", content)
            packet.pts = packet.dts = k
            copy.mux(packet)
    content, count = re.subn(rb"Lavc[0-9.]{9}", _SAID, target.read_bytes())
    assert count
    target.write_bytes(content)
    return target


def _is(kind: str, packet: bytes) -> bool:
    """Whether the first frame in a packet is of this kind (vop_coding_type)."""
    return "IPBS"[packet[packet.index(_START) + 4] >> 6] == kind


def _packed(frames: list[bytes]) -> Iterator[bytes]:
    for frame, following in zip(frames, [*frames[1:], b""], strict=True):
        before_b = following != b"" and _is("B", following)
        if _is("B", frame):
            yield following if before_b else _EMPTY
        else:
            yield frame + following if before_b else frame
