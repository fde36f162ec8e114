"""Videos that tests make: every frame is grey, of a level that tells its number."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

RATE = 25
# Levels far enough apart to survive lossy coding, and a prime number of them, so that neighbours differ for long.
_LEVELS = np.linspace(20, 235, 11)


def level(k: int) -> int:
    """The grey level of frame k, 0 to 255."""
    return int(_LEVELS[k * 7 % 11])


def frame(k: int, width: int = 96, height: int = 64) -> npt.NDArray[np.uint8]:
    """Frame k: uint8 (height, width, 3)."""
    return np.full((height, width, 3), level(k), np.uint8)


def moving_frame(k: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """Frame k of a pan over noise, with its grey level in the upper left corner: uint8 (height, width, 3)."""
    scene = np.random.default_rng(0).integers(0, 256, (height // 4, width, 3), np.uint8).repeat(4, 0)
    shown = np.ascontiguousarray(np.roll(scene, 2 * k, 1))
    shown[: height // 8, : width // 8] = level(k)
    return shown


def make_video(
    path: Path,
    codec: str = "mpeg4",
    frames: int = 40,
    *,
    container: str | None = None,
    size: tuple[int, int] = (96, 64),
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    times: Sequence[int] | None = None,
    container_options: dict[str, str] | None = None,
    gop: int = 12,
    moving: bool = False,
) -> Path:
    """A video of `frames` frames at 25 a second, or at `times` in hundredths of a second.

    They are plain grey, or noise that moves if `moving`, which gives an encoder reason to refer from one to the next.
    """
    with av.open(str(path), "w", format=container, options=container_options or {}) as output:
        stream = output.add_stream(codec, rate=RATE if times is None else 100, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        stream.codec_context.gop_size = gop
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 100)
        for k in range(frames):
            shown = moving_frame(k, *size) if moving else frame(k, *size)
            encoded = av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format=pixel_format)
            encoded.pts = k if times is None else times[k]
            encoded.time_base = Fraction(1, RATE if times is None else 100)
            output.mux(stream.encode(encoded))
        output.mux(stream.encode(None))
    return path


def make_video_without_frames(path: Path) -> Path:
    """A file with the header of an H.264 stream and nothing behind it."""
    with av.open(str(path), "w", options={"movflags": "empty_moov"}) as output:
        stream = output.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        output.start_encoding()
    return path


def lengthen(source: Path, target: Path, times: int) -> Path:
    """A video that repeats all packets of another but the first so often: cheap to make, expensive to decode."""
    with av.open(str(source)) as original, av.open(str(target), "w") as copy:
        stream = original.streams.video[0]
        written = copy.add_stream_from_template(stream)
        key, *others = [bytes(packet) for packet in original.demux(stream) if packet.size]
        for k, content in enumerate([key, *others * times]):
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = written, Fraction(1, RATE), k == 0
            packet.pts = packet.dts = k
            copy.mux(packet)
    return target


def levels(frames: npt.NDArray[np.uint8]) -> list[int]:
    """The mean grey level of each frame of a clip (F, H, W, 3)."""
    return [round(float(value)) for value in frames.mean((1, 2, 3))]


def nearest_levels(frames: npt.NDArray[np.uint8]) -> list[int]:
    """The level of each frame of a clip, cleaned of coding noise."""
    return [int(_LEVELS[np.abs(_LEVELS - value).argmin()]) for value in frames.mean((1, 2, 3))]
