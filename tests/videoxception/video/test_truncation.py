"""Files that end before their header says."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.numbered import coded, mux
from tests.pipe import Pipe
from tests.videos import RATE
from videoxception.clip import ClipSpec
from videoxception.video import decode
from videoxception.video.truncation import is_truncated

FASTSTART, FRAGMENTED = {"movflags": "faststart"}, {"movflags": "frag_keyframe+empty_moov"}
KINDS: dict[str, tuple[str, str, dict[str, str]]] = {
    "mp4": ("mp4", "libx264", FASTSTART),
    "fragmented mp4": ("mp4", "libx264", FRAGMENTED),
    "mov": ("mov", "libx264", FASTSTART),
    "matroska": ("matroska", "libx264", {}),
    "webm": ("webm", "libvpx", {}),
    "avi": ("avi", "mjpeg", {}),
    "flv": ("flv", "libx264", {}),
    "asf": ("asf", "wmv2", {}),
}


def make(path: Path, kind: str) -> bytes:
    container, codec, options = KINDS[kind]
    mux(path, coded(codec, 48), range(48), time_base=Fraction(1, RATE), container=container, options=options)
    return path.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.6, 0.9, 0.999])
def test_a_cut_download_is_answered_with_a_warning(kind: str, share: float, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    whole = make(path, kind)
    assert "truncated" not in decode(path, ClipSpec()).warnings
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "truncated" in decode(path, ClipSpec()).warnings


def truncated(path: Path) -> bool:
    with path.open("rb") as file:
        return is_truncated(file.fileno())


@pytest.mark.parametrize("container", ["matroska", "avi", "flv", "asf"])
def test_a_pipe_leaves_placeholders_which_promise_nothing(container: str, tmp_path: Path) -> None:
    pipe, path = Pipe(), tmp_path / "clip"
    mux(pipe, coded(KINDS[container][1], 48), range(48), time_base=Fraction(1, RATE), container=container)
    for share in (0.5, 1):
        path.write_bytes(pipe.content[: int(len(pipe.content) * share)])
        assert not truncated(path)


@pytest.mark.parametrize(
    "trailer",
    [
        b"PK\3\4" + bytes(40),
        b"SEFHabcdSEFT0000",
        b"\0\0\0\x10mpvd" + bytes(8) + b"MotionPhoto_Data",
        b"some text that follows",
    ],
)
def test_a_trailer_behind_the_boxes_is_not_one_of_them(trailer: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(make(path, "mp4") + trailer)
    assert not truncated(path)


def test_a_box_of_an_unknown_kind_may_lie_between_others(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    start = b"\0\0\0\x08ftyp" + b"\0\0\0\x0cabcd" + bytes(4) + b"\0\0\0\x0cmdat"
    path.write_bytes(start + bytes(4))
    assert not truncated(path)
    path.write_bytes(start + bytes(3))
    assert truncated(path)


def test_an_mdat_may_reach_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    content = bytearray(make(path, "mp4"))
    at = content.index(b"mdat") - 4
    content[at : at + 4] = bytes(4)
    path.write_bytes(content)
    assert not truncated(path)
    path.write_bytes(content[: at + 100])
    assert not truncated(path)


def test_a_large_box_has_its_size_behind_its_name(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    start = b"\0\0\0\x08ftyp" + b"\0\0\0\1mdat" + (100).to_bytes(8)
    path.write_bytes(start + bytes(84))
    assert not truncated(path)
    path.write_bytes(start + bytes(83))
    assert truncated(path)


def test_large_avi_files_have_several_chunks(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    chunks = b"".join(b"RIFF" + (20).to_bytes(4, "little") + kind + bytes(16) for kind in (b"AVI ", b"AVIX"))
    path.write_bytes(chunks)
    assert not truncated(path)
    path.write_bytes(chunks[:-1])
    assert truncated(path)


def test_of_countless_chunks_only_the_first_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes((b"RIFF" + (1).to_bytes(4, "little") + bytes(1)) * 100_001 + b"RIFF" + bytes([200, 0, 0, 0]))
    assert not truncated(path)


@pytest.mark.parametrize("container", ["mpegts", "mpeg", "h264"])
def test_streams_without_a_header_promise_nothing(container: str, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    codec = "mpeg2video" if container == "mpeg" else "libx264"
    mux(path, coded(codec, 48), range(48), time_base=Fraction(1, RATE), container=container)
    path.write_bytes(path.read_bytes()[:-100])
    assert not truncated(path)


@pytest.mark.parametrize("content", [b"", b"\0\0", b"FLV", b"RIFF\1", b"\x1a\x45\xdf\xa3", b"\0\0\0\1ftyp"])
def test_a_few_bytes_do_no_harm(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(content)
    assert truncated(tmp_path / "clip") is content.startswith(b"RIFF")
