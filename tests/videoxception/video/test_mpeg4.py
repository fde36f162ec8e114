"""MPEG-4 with B-frames: what each packet gives, against FFmpeg's filter and decoder."""

from pathlib import Path

import av
import pytest
from av.bitstream import BitStreamFilterContext

from tests.packed import pack
from tests.videos import make_video
from videoxception.clip import ClipSpec
from videoxception.video import Limits, decode
from videoxception.video.mpeg4 import frame_numbers, frame_types

PACKED = b"DivX503b1393p"


@pytest.mark.parametrize(
    ("packets", "numbers"),
    [
        ("I P B B P B", [0, 3, 1, 2, 5, 4]),
        ("I PB p PB p", [0, 2, 1, 4, 3]),
        ("I PB B p PB B p", [0, 3, 1, 2, 6, 4, 5]),
        ("I SB p I", [0, 2, 1, 3]),
        ("I PB p PB", [0, 2, 1, 3]),  # the last B-frame is lost
        ("I P P", None),  # in order by their times
        ("I B P", None),  # refers to a frame that is not there
        ("I PB P", None),  # the B-frame has no place
        ("I PB b p", None),  # with or without content
        ("I p PB p", None),
        ("I PBB p p", None),
        ("I PB PB p", None),
        ("", None),
    ],
)
def test_which_frame_each_packet_gives(packets: str, numbers: list[int] | None) -> None:
    assert frame_numbers(packets.split(), PACKED) == numbers


def test_without_the_encoders_word_no_second_frame_is_looked_for() -> None:
    assert frame_numbers(["I", "PB", "p"], b"XviD0063") is None


@pytest.fixture(scope="module", params=[1, 2])
def packed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AVI with rows of one or two B-frames, packed."""
    folder = tmp_path_factory.mktemp("packed")
    options = {"bf": str(request.param), "b_strategy": "0"}
    plain = make_video(folder / "plain.avi", "mpeg4", 61, moving=True, options=options)
    return pack(plain, folder / "packed.avi")


def test_types_and_numbers_are_those_of_ffmpegs_filter_and_decoder(packed: Path) -> None:
    with av.open(str(packed)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        types = [frame_types(bytes(packet)) for packet in packets]
        numbers = frame_numbers(types, stream.codec_context.extradata)
        assert numbers is not None
        unpack, shown = BitStreamFilterContext("mpeg4_unpack_bframes", stream), []
        for packet, number in zip(packets, numbers, strict=True):
            packet.pts = number
            for frame in unpack.filter(packet):
                frame.stream = stream
                shown += [decoded.pts for decoded in frame.decode()]
        shown += [decoded.pts for decoded in stream.codec_context.decode(None)]
    assert shown == list(range(len(numbers)))


@pytest.mark.parametrize("memory", [2**26, 1])
def test_unwanted_b_frames_are_not_decoded(packed: Path, memory: int) -> None:
    planned, full = decode(packed, ClipSpec(), Limits(memory=memory)), decode(packed, ClipSpec(), planned=False)
    assert planned.frames.tobytes() == full.frames.tobytes()
    assert (planned.timestamps, planned.duration, planned.warnings) == (full.timestamps, full.duration, full.warnings)
    assert planned.planned
    assert full.decoded == 61
    assert planned.decoded < 50


def test_a_file_that_hides_its_packing_is_decoded_whole(packed: Path, tmp_path: Path) -> None:
    silent = tmp_path / "silent.avi"
    silent.write_bytes(packed.read_bytes().replace(PACKED, b"DivX503b1393_"))
    planned, full = decode(silent, ClipSpec()), decode(silent, ClipSpec(), planned=False)
    assert not planned.planned
    assert planned.frames.tobytes() == full.frames.tobytes()


@pytest.mark.parametrize("at", [0.3, 0.5, 0.7])
def test_damage_gives_what_the_full_way_gives_or_is_not_noticed(packed: Path, at: float, tmp_path: Path) -> None:
    content = bytearray(packed.read_bytes())
    start = int(len(content) * at)
    content[start : start + 600] = bytes(600)
    damaged = tmp_path / "damaged.avi"
    damaged.write_bytes(content)
    planned, full = decode(damaged, ClipSpec()), decode(damaged, ClipSpec(), planned=False)
    assert planned.planned or planned.frames.tobytes() == full.frames.tobytes()
