import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from tests.videos import RATE, level, levels, make_video, make_video_without_frames, nearest_levels
from videoxception.clip import ClipSpec, Crop, ResizeCrop
from videoxception.video import (
    Limits,
    NoFrames,
    NotAVideo,
    Stopped,
    TooLarge,
    TooLong,
    TooManyPixels,
    Undecodable,
    VideoError,
    decode,
)

SPEC = ClipSpec()
KINDS = {
    "mpeg4 in avi": ("clip.avi", "mpeg4", {}),
    "mpeg4 with B-frames in avi": ("clip.avi", "mpeg4", {"options": {"bf": "2"}}),
    "h264 with B-frames in mp4": ("clip.mp4", "libx264", {}),
    "h264 without B-frames in mkv": ("clip.mkv", "libx264", {"options": {"bf": "0"}}),
    "h264 in mpegts": ("clip.ts", "libx264", {}),
    "fragmented mp4": ("clip.mp4", "libx264", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
    "vp9 in webm": ("clip.webm", "libvpx-vp9", {}),
    "gif": ("clip.gif", "gif", {"pixel_format": "rgb8"}),
    "mjpeg in avi": ("clip.avi", "mjpeg", {"pixel_format": "yuvj420p"}),
    "mpeg2 in mpeg": ("clip.mpg", "mpeg2video", {}),
    "raw m4v": ("clip.m4v", "mpeg4", {"container": "m4v"}),
    "raw h264": ("clip.h264", "libx264", {"container": "h264", "options": {"bf": "0"}}),
}


def every_frame(path: Path) -> list[np.ndarray]:
    """All frames in the order in which they come out, by PyAV's own loop: the independent reference."""
    with av.open(str(path)) as container:
        return [
            frame.reformat(128, 128, "rgb24", interpolation="BICUBIC", threads=1).to_ndarray()
            for frame in container.decode(video=0)
        ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_frames_of_the_rule_are_taken_bit_for_bit(kind: str, tmp_path: Path) -> None:
    name, codec, how = KINDS[kind]
    path = make_video(tmp_path / name, codec, 47, **how)
    clip, frames = decode(path, SPEC), every_frame(path)
    numbers = [(2 * i + 1) * 47 // 20 for i in range(10)]
    assert len(frames) == 47
    assert np.array_equal(clip.frames, np.stack([frames[k] for k in numbers]))
    assert nearest_levels(clip.frames) == [level(k) for k in numbers]
    assert set(clip.warnings) <= {"no times"}


def test_a_clip_tells_where_it_comes_from(tmp_path: Path) -> None:
    clip = decode(make_video(tmp_path / "clip.mp4", "libx264", 50), SPEC)
    assert clip.frames.shape == (10, 128, 128, 3)
    assert (clip.width, clip.height, clip.codec) == (96, 64, "h264")
    assert clip.duration == pytest.approx(2.0)
    assert clip.timestamps == pytest.approx([((2 * i + 1) * 50 // 20) / RATE for i in range(10)])


def test_uneven_times_are_followed(tmp_path: Path) -> None:
    """30 frames in 0.6 s, then 10 in 5 s: most of the clip is of the slow ones."""
    times = [k * 2 for k in range(30)] + [60 + k * 50 for k in range(10)]
    clip = decode(make_video(tmp_path / "clip.mkv", "libx264", 40, times=times), SPEC)
    span = clip.duration
    assert span is not None
    centres = [(2 * i + 1) * span / 20 for i in range(10)]
    shown = [max(k for k, time in enumerate(times) if time / 100 <= centre + 1e-6) for centre in centres]
    assert nearest_levels(clip.frames) == [level(k) for k in shown]
    assert "variable rate" in clip.warnings


def test_short_videos_repeat_their_frames(tmp_path: Path) -> None:
    clip = decode(make_video(tmp_path / "clip.mp4", "libx264", 3), SPEC)
    assert nearest_levels(clip.frames) == [level(k) for k in [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]]
    assert "short" in clip.warnings


def test_a_single_frame_in_a_video_file_is_a_video(tmp_path: Path) -> None:
    assert nearest_levels(decode(make_video(tmp_path / "clip.mp4", "libx264", 1), SPEC).frames) == [level(0)] * 10


def test_frames_behind_a_hole_keep_their_numbers(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.mkv", "mjpeg", 40, pixel_format="yuvj420p")
    holed = corrupt_frames(whole, tmp_path / "holed.mkv", {16, 17, 18, 30})
    clip = decode(holed, SPEC)
    expected = [(2 * i + 1) * 40 // 20 for i in range(10)]  # 2, 6, 10, 14, 18, 22, 26, 30, 34, 38
    found = [15 if k == 18 else 29 if k == 30 else k for k in expected]
    assert nearest_levels(clip.frames) == [level(k) for k in found]
    assert clip.warnings == ("damaged",)


def test_a_lost_beginning_is_the_first_frame_that_is_left(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.mkv", "mjpeg", 40, pixel_format="yuvj420p")
    clip = decode(corrupt_frames(whole, tmp_path / "holed.mkv", set(range(8))), SPEC)
    assert nearest_levels(clip.frames)[:3] == [level(8), level(8), level(10)]


def corrupt_frames(source: Path, target: Path, corrupted: set[int]) -> Path:
    """A copy in which the packets of some frames are noise that no decoder takes for a frame."""
    with av.open(str(source)) as original, av.open(str(target), "w") as copy:
        stream = original.streams.video[0]
        written = copy.add_stream_from_template(stream)
        for k, packet in enumerate(p for p in original.demux(stream) if p.size):
            kept = noise_for(packet, k) if k in corrupted else packet
            kept.stream = written
            copy.mux(kept)
    return target


def noise_for(packet: av.Packet, seed: int) -> av.Packet:
    noise = av.Packet(random.Random(seed).randbytes(packet.size))
    noise.pts, noise.dts, noise.duration = packet.pts, packet.dts, packet.duration
    noise.time_base, noise.is_keyframe = packet.time_base, True
    return noise


def test_a_truncated_file_gives_what_is_left(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "clip.mp4", "libx264", 100, size=(320, 240), container_options={"movflags": "faststart"}
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    clip = decode(path, SPEC)
    assert clip.frames.shape == SPEC.shape
    assert "damaged" in clip.warnings or len(set(nearest_levels(clip.frames))) > 1


def test_crop_and_colour_order_are_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 256, 128, "yuv420p"
        frame = np.zeros((128, 256, 3), np.uint8)
        frame[:, 64:192] = (200, 30, 30)  # a red square in the middle of black
        for _ in range(10):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        output.mux(stream.encode(None))
    crop = ClipSpec(size=(64, 64), fit=Crop(short_side=64), channels="BGR")
    inner = decode(path, crop).frames[:, 8:-8, 8:-8].astype(int)
    assert np.abs(inner - (30, 30, 200)).max() < 25


def ramp(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Grey levels of a frame whose sides are 1: a straight line stays one however it is scaled."""
    levels: npt.NDArray[np.float64] = 30 + 120 * x + 70 * y
    return levels


@pytest.mark.parametrize("size", [(320, 240), (180, 320)])
def test_resize_and_crop_cut_the_middle_out_of_a_stretched_frame(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    shown = ramp((np.arange(width) + 0.5)[None] / width, (np.arange(height) + 0.5)[:, None] / height)
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        for _ in range(3):
            frame = np.repeat(shown.round().astype(np.uint8)[..., None], 3, 2)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        output.mux(stream.encode(None))
    found = decode(path, ClipSpec(frames=2, size=(112, 112), fit=ResizeCrop(height=128, width=171))).frames
    left, top = (171 - 112) // 2, (128 - 112) // 2
    expected = ramp((left + np.arange(112) + 0.5)[None] / 171, (top + np.arange(112) + 0.5)[:, None] / 128)
    assert found.shape == (2, 112, 112, 3)
    assert np.abs(found - expected[None, ..., None]).max() < 3


def test_text_is_not_a_video(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("this is a text file\n" * 100)
    with pytest.raises(NotAVideo):
        decode(path, SPEC)


@pytest.mark.parametrize(("name", "codec", "pixel_format"), [("a.png", "png", "rgb24"), ("a.jpg", "mjpeg", "yuvj420p")])
def test_frames_are_not_videos(name: str, codec: str, pixel_format: str, tmp_path: Path) -> None:
    path = make_video(tmp_path / name, codec, 1, container="image2", pixel_format=pixel_format)
    with pytest.raises(NotAVideo):
        decode(path, SPEC)


def test_a_gif_that_does_not_move_is_not_a_video(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo, match="still frame"):
        decode(make_video(tmp_path / "a.gif", "gif", 1, pixel_format="rgb8"), SPEC)


def test_audio_is_not_a_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 44100, 0, Fraction(1, 44100)
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with pytest.raises(NotAVideo, match="no video stream"):
        decode(path, SPEC)


def test_a_container_that_is_not_taken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo):
        decode(make_video(tmp_path / "clip.nut", "mpeg4", 20, container="nut"), SPEC)


def test_a_codec_that_is_not_taken_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo, match="png"):
        decode(make_video(tmp_path / "clip.mov", "png", 20, pixel_format="rgb24"), SPEC)


def test_playlists_are_not_followed(tmp_path: Path) -> None:
    make_video(tmp_path / "secret.mp4", "libx264", 20)
    playlist = tmp_path / "clip.mp4"
    playlist.write_text("ffconcat version 1.0\nfile secret.mp4\n")
    with pytest.raises(VideoError):
        decode(playlist, SPEC)


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoFrames):
        decode(make_video_without_frames(tmp_path / "clip.mp4"), SPEC)


def test_a_video_of_noise_is_undecodable(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.mkv", "mjpeg", 12, pixel_format="yuvj420p")
    with pytest.raises(Undecodable, match="none of the video's 12 frames"):
        decode(corrupt_frames(whole, tmp_path / "noise.mkv", set(range(12))), SPEC)


def test_a_damaged_header_is_said_to_be_damage(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 20)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(Undecodable, match="damaged"):
        decode(path, SPEC)


def test_an_empty_file_is_not_a_video(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").touch()
    with pytest.raises(NotAVideo):
        decode(tmp_path / "clip.mp4", SPEC)


def test_a_missing_file_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "clip.mp4", SPEC)


@pytest.mark.parametrize(
    ("limits", "error", "message"),
    [
        (Limits(bytes=100), TooLarge, "over the limit of 100"),
        (Limits(pixels=96 * 63), TooManyPixels, "96x64"),
        (Limits(duration=1.0), TooLong, "2 seconds long"),
        (Limits(packets=10), TooLong, "over 10 frames"),
        (Limits(decoding=1e-9), TooLong, "of decoding"),
    ],
)
def test_limits_are_named(limits: Limits, error: type[VideoError], message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=message):
        decode(make_video(tmp_path / "clip.mp4", "libx264", 50), SPEC, limits)


def test_a_limit_must_be_positive() -> None:
    with pytest.raises(ValueError, match="limit on pixels must be positive and finite, but got 0"):
        Limits(pixels=0)


def test_decoding_stops_when_it_is_told_to(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        decode(make_video(tmp_path / "clip.mp4", "libx264", 20), SPEC, stopped=lambda: True)


def test_names_do_not_matter(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.avi", "mpeg4", 20)
    odd = path.rename(tmp_path / "http:%20file.m3u8")
    assert levels(decode(odd, SPEC).frames)[0] == pytest.approx(level(1), abs=4)
