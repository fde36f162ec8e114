import io

from rich.console import Console

from videoxception.cli.timeline import clock, csv_rows, show, srt, strip, vtt
from videoxception.timeline import Entry

ENTRIES = [
    Entry(0.0, 1.5, "Punch", 0.934),
    Entry(1.5, 3.0, None, 0.99),
    Entry(3.0, 3661.25, "Bowling", 0.5),
    Entry(3661.25, 3662.0, "Punch", 0.7),
]


def test_subrip() -> None:
    """Numbers from 1, a comma before milliseconds, an empty line between two."""
    assert srt(ENTRIES) == (
        "1\n00:00:00,000 --> 00:00:01,500\nPunch 93%\n\n"
        "2\n00:00:03,000 --> 01:01:01,250\nBowling 50%\n\n"
        "3\n01:01:01,250 --> 01:01:02,000\nPunch 70%\n"
    )


def test_webvtt() -> None:
    assert vtt(ENTRIES[:3]) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nPunch 93%\n\n00:00:03.000 --> 01:01:01.250\nBowling 50%\n"
    )


def test_rows() -> None:
    assert csv_rows("a,b.mp4", ENTRIES[:2]) == '"a,b.mp4",0.000,1.500,Punch,0.9340\n"a,b.mp4",1.500,3.000,,0.9900\n'


def test_a_strip_has_a_colour_a_label_and_its_blocks_lie_where_their_time_does() -> None:
    blocks = strip([Entry(0.0, 2.0, "A", 1), Entry(2.0, 3.0, None, 1), Entry(3.0, 4.0, "B", 1)], 8)
    assert blocks.plain == "████░░██"
    colours = [str(span.style) for span in blocks.spans]
    assert len(set(colours)) == 3
    assert [colours[i] == colours[0] for i in range(8)] == [True] * 4 + [False] * 4


def test_the_strip_is_for_terminals() -> None:
    for terminal in (True, False):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=60)
        show(console, ENTRIES)
        assert isinstance(console.file, io.StringIO)
        printed = console.file.getvalue()
        assert ("█" in printed) is terminal
        assert "1:01:01.2" in printed
        assert "none of the classes" in printed


def test_clocks() -> None:
    assert [clock(s) for s in (0, 59.96, 61.25, 3600)] == ["0:00.0", "1:00.0", "1:01.2", "1:00:00.0"]
