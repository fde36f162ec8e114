"""Files with more than one video stream: frames of stream s are of levels that no other stream has."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from videoxception.clip import Clip, ClipSpec
from videoxception.video import Limits, NotAVideo, TooLong, decode


@dataclass(frozen=True)
class Made:
    """A stream to make."""

    size: tuple[int, int] = (96, 64)
    frames: int = 30
    codec: str = "libx264"
    default: bool = True
    cover: bool = False


STILL = Made(codec="mjpeg", frames=1)


def make(path: Path, streams: Sequence[Made]) -> Path:
    """A file of streams at 25 frames a second. All frames of stream s are grey, of level 50 s + 30."""
    with av.open(str(path), "w") as output:
        added = []
        for made in streams:
            stream = output.add_stream(made.codec, rate=25)
            stream.width, stream.height = made.size
            stream.pix_fmt = {"mjpeg": "yuvj420p", "png": "rgb24"}.get(made.codec, "yuv420p")
            stream.disposition = Disposition.default * made.default | Disposition.attached_pic * made.cover
            added.append(stream)
        for k in range(max(made.frames for made in streams)):
            for number, (made, stream) in enumerate(zip(streams, added, strict=True)):
                if k < made.frames:
                    grey = np.full((*made.size[::-1], 3), 50 * number + 30, np.uint8)
                    frame = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format=stream.pix_fmt)
                    frame.pts, frame.time_base = k, Fraction(1, 25)
                    output.mux(stream.encode(frame))
        for stream in added:
            output.mux(stream.encode(None))
    return path


def taken(clip: Clip) -> int:
    """The number of the stream that a clip is of, from 1."""
    (number,) = {round((float(frame.mean()) - 30) / 50) for frame in clip.frames}
    return number + 1


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("streams", "number"),
    [
        ([Made(default=False), Made()], 2),
        ([Made(), Made(default=False, size=(192, 128))], 1),
        ([Made(), Made(size=(192, 128)), Made()], 2),
        ([Made(), Made()], 1),
        ([STILL, Made()], 2),
        ([Made(codec="mjpeg", frames=1, size=(640, 480)), Made()], 2),
        ([Made(), STILL], 1),
        ([Made(frames=1, size=(192, 128)), Made(default=False)], 2),
    ],
    ids=["default", "default-is-small", "largest", "first", "still-first", "large-still", "still-last", "single-frame"],
)
def test_the_default_stream_is_taken_or_else_the_largest_that_moves(
    streams: list[Made], number: int, container: str, tmp_path: Path
) -> None:
    path = make(tmp_path / f"clip.{container}", streams)
    for planned in (True, False):
        clip = decode(path, ClipSpec(), planned=planned)
        assert taken(clip) == number
        assert (clip.width, clip.height) == streams[number - 1].size
        assert clip.warnings == (f"video {number} of {len(streams)}",)


def test_a_file_that_is_read_again_is_read_in_the_same_stream(tmp_path: Path) -> None:
    path = make(tmp_path / "clip.mp4", [STILL, Made(default=False), Made()])
    for limits in (Limits(memory=1), Limits(work=1), Limits(memory=1, work=1)):
        assert taken(decode(path, ClipSpec(), limits)) == 3


def test_a_stream_that_is_no_choice_is_not_spoken_of(tmp_path: Path) -> None:
    clip = decode(
        make(tmp_path / "clip.mp4", [Made(), Made(codec="mjpeg", frames=1, default=False, cover=True)]), ClipSpec()
    )
    assert taken(clip) == 1
    assert clip.warnings == ()


def test_an_empty_stream_is_passed_over(tmp_path: Path) -> None:
    path = make(tmp_path / "clip.mkv", [Made(frames=0, size=(192, 128)), Made()])
    clip = decode(path, ClipSpec())
    assert (taken(clip), clip.warnings) == (2, ("video 2 of 2",))


def test_a_stream_of_a_codec_that_is_not_taken_is_passed_over(tmp_path: Path) -> None:
    clip = decode(make(tmp_path / "clip.mov", [Made(codec="png", size=(192, 128)), Made()]), ClipSpec())
    assert (taken(clip), clip.warnings) == (2, ("video 2 of 2",))


def test_a_stream_of_noise_is_passed_over(tmp_path: Path) -> None:
    """As an encrypted one is."""
    clip = decode(make_noisy(tmp_path, frames=30, noise=30), ClipSpec())
    assert (taken(clip), clip.warnings) == (2, ("video 2 of 2",))


@pytest.mark.parametrize(("noise", "number"), [(40, 1), (70, 2)])
def test_a_stream_is_not_tried_for_long(noise: int, number: int, tmp_path: Path) -> None:
    """It would cost as much as a decoding, before anyone knows what that is."""
    assert taken(decode(make_noisy(tmp_path, frames=90, noise=noise, codec="mjpeg"), ClipSpec())) == number


def make_noisy(folder: Path, frames: int, noise: int, codec: str = "libx264") -> Path:
    """A file of two streams, of which the larger one begins with noise."""
    whole = make(folder / "whole.mkv", [Made(size=(192, 128), frames=frames, codec=codec), Made(frames=frames)])
    path = folder / "clip.mkv"
    with av.open(str(whole)) as original, av.open(str(path), "w") as copy:
        written = [copy.add_stream_from_template(stream) for stream in original.streams.video]
        left = noise
        for packet in (p for p in original.demux() if p.size):
            number = packet.stream.index
            noisy = number == 0 and left > 0
            left -= noisy
            kept = noise_for(packet) if noisy else packet
            kept.stream = written[number]
            copy.mux(kept)
    return path


def noise_for(packet: av.Packet) -> av.Packet:
    noise = av.Packet(b"\xff" * packet.size)
    noise.pts, noise.dts, noise.time_base, noise.is_keyframe = packet.pts, packet.dts, packet.time_base, True
    return noise


def test_stills_alone_are_what_they_were(tmp_path: Path) -> None:
    assert taken(decode(make(tmp_path / "clip.mp4", [STILL, STILL]), ClipSpec())) == 1


def test_streams_that_are_all_of_other_codecs_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo, match="png"):
        decode(make(tmp_path / "clip.mov", [Made(codec="png"), Made(codec="png")]), ClipSpec())


def test_trying_streams_ends_with_the_deadline(tmp_path: Path) -> None:
    path = make(tmp_path / "clip.mkv", [Made(), Made()])
    with pytest.raises(TooLong, match="of decoding"):
        decode(path, ClipSpec(), Limits(decoding=1e-9))


def avif(path: Path, frames: int, brand: bytes | None = None) -> Path:
    """An AVIF of so many frames: a still, or a still and a sequence. The major brand may be another."""
    with av.open(str(path), "w", format="avif") as output:
        stream = output.add_stream("libsvtav1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for k in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 20 * k + 20, np.uint8), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    if brand is not None:
        content = path.read_bytes()
        path.write_bytes(content[:8] + brand + content[12:])
    return path


@pytest.mark.parametrize("brand", [None, b"avif", b"mif1"])
def test_an_avif_that_moves_is_its_track(brand: bytes | None, tmp_path: Path) -> None:
    clip = decode(avif(tmp_path / "clip.avif", 10, brand), ClipSpec())
    assert [round((float(frame.mean()) - 20) / 20) for frame in clip.frames] == list(range(10))
    assert clip.warnings == ("video 2 of 2",)


def test_an_avif_that_does_not_move_is_a_still(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo, match=r"still frame \(avif\)"):
        decode(avif(tmp_path / "clip.avif", 1), ClipSpec())
