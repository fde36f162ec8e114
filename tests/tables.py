"""Tables of a large file's packets: by its index, and by reading them; and what must be the same either way."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import av

from videoxception.clip import ClipSpec
from videoxception.video import Limits, VideoError, decode
from videoxception.video.container import open_video
from videoxception.video.index import read_table
from videoxception.video.packets import Deadline, PacketTable, read_packets

LARGE = Limits(memory=1)  # to which every file is


def with_sound(
    source: Path, target: Path, codec: str, sounds: int, *, options: dict[str, str] | None = None, font: bool = False
) -> Path:
    """A video with `sounds` streams of sound between its packets, and a `font` for Matroska players."""
    with av.open(str(source)) as original, av.open(str(target), "w", options=options or {}) as copy:
        video = original.streams.video[0]
        written = copy.add_stream_from_template(video)
        written.time_base = video.time_base
        streams = [copy.add_stream(codec, rate=44100, layout="mono") for _ in range(sounds)]
        if font:
            copy.add_attachment("font.ttf", "application/x-truetype-font", b"font")
        for packet in original.demux(video):
            if not packet.size:
                continue
            packet.stream = written
            copy.mux(packet)
            for stream in streams:
                sound = av.AudioFrame(format=stream.codec_context.format.name, layout="mono", samples=1152)
                sound.sample_rate = 44100
                copy.mux(stream.encode(sound))
    return target


def of_index(path: Path) -> PacketTable:
    with path.open("rb") as file, open_video(file, LARGE) as (container, stream):
        return read_table(file.fileno(), container, stream, LARGE, Deadline(LARGE, lambda: False))


def of_packets(path: Path) -> PacketTable:
    with path.open("rb") as file, open_video(file, LARGE) as (container, stream):
        return read_packets(container, stream, LARGE, Deadline(LARGE, lambda: False))


def facts(table: PacketTable) -> dict[str, Any]:
    """What a table says of the packets, but how it was read, and their times of decoding, which only clocks need."""
    return {name: value for name, value in asdict(table).items() if name not in ("bytes", "indexed", "clock")}


def same(path: Path) -> None:
    """Check that the clip is that of the whole file in memory."""
    clip, whole = decode(path, ClipSpec(), LARGE), decode(path, ClipSpec(), planned=False)
    assert clip.frames.tobytes() == whole.frames.tobytes()
    assert (clip.timestamps, clip.duration, clip.warnings) == (whole.timestamps, whole.duration, whole.warnings)


def stands_for_packets(path: Path) -> None:
    """Check that an index is used, says what the packets do, and gives the same clip."""
    table = of_index(path)
    assert table.indexed
    assert facts(table) == facts(of_packets(path))
    assert decode(path, ClipSpec(), LARGE).planned
    same(path)


def outcome(path: Path, limits: Limits) -> object:
    """What a file is answered with; FFmpeg itself reads by some damaged indexes, and fails."""
    try:
        clip = decode(path, ClipSpec(), limits)
    except (VideoError, MemoryError) as error:
        return repr(error)
    return clip.frames.tobytes(), clip.timestamps, clip.duration, clip.warnings
