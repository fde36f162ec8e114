"""SDR footage that is graded as HDR by the formulas of ITU-R BT.2100 must come back as it was."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

from videoxception.clip import Clip, ClipSpec
from videoxception.video import decode
from videoxception.video.hdr import map_colours

Array = npt.NDArray[np.float64]

WHITE, PEAK = 203, 1000  # cd/m2
# Linear BT.709 -> BT.2020, ITU-R BT.2087.
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])


OPTIONS = {
    "libx264": {"crf": "8"},
    "libx265": {"crf": "4", "x265-params": "log-level=-1"},
    "prores_ks": {"profile": "hq"},
}


def pq(light: Array) -> Array:
    """SMPTE ST 2084: cd/m2 -> signal."""
    root = (light / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root)) ** 78.84375


def hlg(light: Array) -> Array:
    """ITU-R BT.2100: cd/m2 -> scene light, by a gamma of 1.2, -> signal."""
    scene = (light / PEAK) ** (1 / 1.2)
    log = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), log)


def wide(light: Array) -> Array:
    """An SDR signal, ITU-R BT.1886, in the primaries of BT.2020."""
    return (light / WHITE) ** (1 / 2.4)


GRADES: dict[str, tuple[Callable[[Array], Array], ColorTrc]] = {
    "pq": (pq, ColorTrc.SMPTE2084),
    "hlg": (hlg, ColorTrc.ARIB_STD_B67),
    "bt2020": (wide, ColorTrc.BT2020_10),
}


def sdr(size: int = 128) -> npt.NDArray[np.uint8]:
    """Sixteen patches, of grey and of strong and weak colours: uint8 (size, size, 3)."""
    patches = np.random.default_rng(1).integers(15, 240, (4, 4, 3), np.uint8)
    patches[0] = np.array([[0], [90], [180], [240]])
    return patches.repeat(size // 4, 0).repeat(size // 4, 1)


def graded(grade: str) -> npt.NDArray[np.uint16]:
    """The patches in HDR: uint16 (H, W, 3)."""
    light = WHITE * (sdr() / 255) ** 2.4 @ TO_BT2020.T
    return (GRADES[grade][0](light) * 65535).round().astype(np.uint16)


def make(
    path: Path,
    pixels: npt.NDArray[np.uint16],
    tags: tuple[ColorTrc, ColorPrimaries, Colorspace],
    codec: str = "libx265",
    pixel_format: str = "yuv420p10le",
) -> Path:
    """A video of 12 equal frames with these pixels (uint16 RGB) and tags."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options=OPTIONS[codec])
        stream.height, stream.width, stream.pix_fmt = *pixels.shape[:2], pixel_format
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace = tags
        context.color_range = 1
        for k in range(12):
            rgb = av.VideoFrame.from_ndarray(pixels, format="rgb48le")
            frame = rgb.reformat(format=pixel_format, dst_colorspace=tags[2], dst_color_range=1)
            frame.color_trc, frame.color_primaries = tags[:2]
            frame.pts, frame.time_base = k, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def patches(pixels: npt.NDArray[np.uint8]) -> Array:
    """The mean colours of the patches, without their edges: (4, 4, 3)."""
    return pixels.astype(float).reshape(4, 32, 4, 32, 3)[:, 6:-6, :, 6:-6].mean((1, 3))


def furthest(clip: Clip) -> float:
    """The largest difference of a patch's colour from the SDR footage."""
    return float(np.abs(patches(clip.frames[5]) - patches(sdr())).max())


@pytest.mark.parametrize("grade", GRADES)
@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("clip.mp4", "libx265", "yuv420p10le"),
        ("clip.mkv", "libx265", "yuv422p12le"),
        ("clip.mov", "prores_ks", "yuv422p10le"),
        ("clip.mp4", "libx264", "yuv420p"),
    ],
)
def test_hdr_is_seen_as_the_sdr_that_it_was_graded_from(
    name: str, codec: str, pixel_format: str, grade: str, tmp_path: Path
) -> None:
    tags = (GRADES[grade][1], ColorPrimaries.BT2020, Colorspace.BT2020)
    clip = decode(make(tmp_path / name, graded(grade), tags, codec, pixel_format), ClipSpec())
    assert np.abs(patches(clip.frames[5]) - patches(sdr())).mean() < 3
    assert furthest(clip) < (25 if pixel_format == "yuv420p" else 10)  # eight bits are few for HDR's darks
    assert clip.warnings == ("hdr",)


def test_what_hdr_does_not_say_is_bt2020(tmp_path: Path) -> None:
    """A stream that tells its transfer and its matrix, but not its primaries."""
    tags = (ColorTrc.SMPTE2084, ColorPrimaries.UNSPECIFIED, Colorspace.BT2020)
    path = make(tmp_path / "clip.mp4", graded("pq"), tags)
    assert furthest(decode(path, ClipSpec())) < 10


def test_sdr_is_left_as_it_is(tmp_path: Path) -> None:
    """Also with ten bits: the reference is PyAV's own conversion."""
    pixels = sdr().astype(np.uint16) * 257
    path = make(tmp_path / "clip.mp4", pixels, (ColorTrc.BT709, ColorPrimaries.BT709, Colorspace.ITU709))
    clip = decode(path, ClipSpec())
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert np.array_equal(
        clip.frames[0], frame.reformat(128, 128, "rgb24", interpolation="BICUBIC", threads=1).to_ndarray()
    )
    assert clip.warnings == ()


def test_highlights_are_squeezed_in_their_order_and_not_cut() -> None:
    light = np.array([0.0, 20, 100, 190, 203, 250, 400, 900, 1000, 1500])
    signal = np.broadcast_to((pq(light) * 65535).astype(np.uint16)[:, None, None], (10, 1, 3))
    mapped = map_colours(signal, tagged(ColorTrc.SMPTE2084, ColorPrimaries.BT2020))[:, 0]
    assert (np.ptp(mapped.astype(int), axis=1) <= 1).all()  # grey stays grey
    levels = mapped[:, 1].astype(int)
    assert (np.diff(levels[:8]) > 0).all()
    assert levels[0] == 0
    assert 245 <= levels[4] <= 252  # white paper
    assert levels[-2] == levels[-1] == 255


def test_display_p3_has_its_own_primaries() -> None:
    """P3's red lies outside of BT.709: its green and blue parts are below 0 there, and its red part is larger."""
    red = np.zeros((1, 1, 3), np.uint16)
    red[..., 0] = round(float(pq(np.array(100.0))) * 65535)
    mapped = map_colours(red, tagged(ColorTrc.SMPTE2084, ColorPrimaries.SMPTE432))[0, 0]
    by_hand = 255 * (1.2249 * 100 / WHITE) ** (1 / 2.4)
    assert abs(int(mapped[0]) - by_hand) < 4
    assert mapped[1:].tolist() == [0, 0]


def tagged(transfer: ColorTrc, primaries: ColorPrimaries) -> av.VideoFrame:
    frame = av.VideoFrame(16, 16, "yuv420p10le")
    frame.color_trc, frame.color_primaries = transfer, primaries
    return frame


def box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def with_configuration(boxes: bytes, configuration: bytes) -> bytes:
    """The boxes of an MP4 whose header comes last, with one more in the description of its video."""
    changed, at = b"", 0
    while at < len(boxes):
        end = at + int.from_bytes(boxes[at : at + 4], "big")
        kind, content = boxes[at + 4 : at + 8], boxes[at + 8 : end]
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
            content = with_configuration(content, configuration)
        elif kind == b"stsd":
            content = content[:8] + box(content[12:16], content[16:] + configuration)
        changed += box(kind, content)
        at = end
    return changed


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize(("profile", "compatible"), [(5, 0), (8, 1), (8, 4)])
def test_dolby_vision_is_taken_by_its_base_layer_if_it_has_one(
    profile: int, compatible: int, container: str, tmp_path: Path
) -> None:
    tags = (ColorTrc.SMPTE2084, ColorPrimaries.BT2020, Colorspace.BT2020)
    plain = make(tmp_path / "plain.mp4", graded("pq"), tags)
    record = bytes([1, 0, profile << 1, 6 << 3 | 0b101, compatible << 4]) + bytes(19)
    path = tmp_path / "clip.mp4"
    path.write_bytes(with_configuration(plain.read_bytes(), box(b"dvcC", record)))
    if container == "mkv":
        path = remuxed(path, tmp_path / "clip.mkv")
    clip = decode(path, ClipSpec())
    assert np.array_equal(clip.frames, decode(plain, ClipSpec()).frames)
    assert clip.warnings == ("hdr", *(["dolby vision"] if profile == 5 else []))


def remuxed(source: Path, target: Path) -> Path:
    with av.open(str(source)) as original, av.open(str(target), "w") as copy:
        stream = original.streams.video[0]
        written = copy.add_stream_from_template(stream)
        for packet in (p for p in original.demux(stream) if p.size):
            packet.stream = written
            copy.mux(packet)
    return target


@pytest.mark.parametrize(("lines", "matrix"), [(718, "ITU601"), (720, "ITU709"), (1280, "ITU709")])
def test_a_matrix_that_is_not_said_depends_on_the_lines(lines: int, matrix: str, tmp_path: Path) -> None:
    path = make_plain(tmp_path / "clip.mp4", lines, None)
    assert np.array_equal(decode(path, ClipSpec()).frames[0], converted(path, matrix))


@pytest.mark.parametrize(("lines", "matrix"), [(480, Colorspace.ITU709), (720, Colorspace.ITU601)])
def test_a_matrix_that_is_said_wins(lines: int, matrix: Colorspace, tmp_path: Path) -> None:
    path = make_plain(tmp_path / "clip.mp4", lines, matrix)
    assert np.array_equal(decode(path, ClipSpec()).frames[0], converted(path, matrix.name))
    other = "ITU601" if matrix == Colorspace.ITU709 else "ITU709"
    assert not np.array_equal(converted(path, matrix.name), converted(path, other))


def make_plain(path: Path, lines: int, matrix: Colorspace | None) -> Path:
    """A saturated video of so many lines, whose stream names a matrix or none."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, lines, "yuv420p"
        if matrix is not None:
            stream.codec_context.colorspace = matrix
        for k in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((lines, 64, 3), (200, 60, 20), np.uint8), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def converted(path: Path, matrix: str) -> npt.NDArray[np.uint8]:
    """The first frame, by PyAV with a matrix that it is told."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    return frame.reformat(
        128, 128, "rgb24", src_colorspace=matrix, src_color_range="MPEG", interpolation="BICUBIC", threads=1
    ).to_ndarray()
