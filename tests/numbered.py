"""Videos whose frames show their numbers: ten bits in a strip, black or white. Their packets are muxed at any times."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median_low

import av
import numpy as np
import numpy.typing as npt

MS = Fraction(1, 1000)
_BITS, _BIT = 10, 12  # pixels a bit
SIZE = (_BITS * _BIT + 8, 64)  # (width, height); codecs want multiples of 16


def numbered_frame(k: int) -> npt.NDArray[np.uint8]:
    """Frame k: uint8 (height, width, 3)."""
    frame = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
    for bit in range(_BITS):
        frame[16:48, bit * _BIT : (bit + 1) * _BIT] = 255 * (k >> (_BITS - 1 - bit) & 1)
    return frame


def numbers(frames: npt.NDArray[np.uint8]) -> list[int]:
    """The numbers that the frames of a clip (F, 128, 128, 3) show."""
    centres = [round((bit + 0.5) * _BIT * 128 / SIZE[0]) for bit in range(_BITS)]
    bits = frames[:, 56:72, :, 0].mean(1)[:, centres] > 127
    return [int(sum(int(b) << (_BITS - 1 - i) for i, b in enumerate(row))) for row in bits]


@dataclass(frozen=True)
class Coded:
    """A coded video: its packets in the file's order, each with the place of its frame, and whether it is a key."""

    header: bytes  # a NUT file
    packets: tuple[tuple[bytes, int, bool], ...]


@cache
def coded(codec: str, frames: int, *options: tuple[str, str], gop: int = 12, first: int = 0) -> Coded:
    """Encode frames that show the numbers from `first` on."""
    file, packets = io.BytesIO(), []
    with av.open(file, "w", format="nut") as output:
        stream = output.add_stream(codec, rate=25, options=dict(options))
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = gop
        for k in [*range(frames), None]:
            frame = None if k is None else av.VideoFrame.from_ndarray(numbered_frame(first + k), format="rgb24")
            if frame is not None:
                frame.pts, frame.time_base = k, Fraction(1, 25)
            for packet in stream.encode(frame):
                assert packet.pts is not None
                packets.append((bytes(packet), packet.pts, packet.is_keyframe))
                output.mux(packet)
    return Coded(file.getvalue(), tuple(packets))


def mux(
    target: Path | io.RawIOBase,
    video: Coded,
    times: Sequence[int],
    *,
    time_base: Fraction = MS,
    container: str | None = None,
    options: dict[str, str] | None = None,
) -> None:
    """Write a coded video; the frame of place k is shown at times[k]."""
    delay = max(i - place for i, (_, place, _) in enumerate(video.packets))
    decoding = _decoding_times(sorted(times[place] for _, place, _ in video.packets), max(delay, 0))
    opened = str(target) if isinstance(target, Path) else target
    with (
        av.open(io.BytesIO(video.header)) as template,
        av.open(opened, "w", format=container, options=options or {}) as output,
    ):
        stream = output.add_stream_from_template(template.streams.video[0])
        for (content, place, key), dts in zip(video.packets, decoding, strict=True):
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, time_base, key
            packet.pts, packet.dts, packet.duration = times[place], dts, _step(times)
            output.mux(packet)


def _step(times: Sequence[int]) -> int:
    return median_low([b - a for a, b in pairwise(sorted(times))] or [1])


def _decoding_times(times: list[int], delay: int) -> list[int]:
    """Rising times that come before those of showing, as encoders with B-frames give them."""
    early = [times[0] - (delay - i) * _step(times) for i in range(delay)]
    equal = len(times) - len(set(times))
    decoding = [time - equal * (delay > 0) for time in [*early, *times][: len(times)]]
    for i in range(1, len(decoding)):
        decoding[i] = max(decoding[i], decoding[i - 1] + (delay > 0))
    return decoding
