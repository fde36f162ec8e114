import pytest

from training import progress
from training.progress import counting, track
from training.progress_bar import bar


def test_without_a_terminal_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter([0.0, 4.0, 11.0, 11.0, 20.0])  # when it starts, then at each thing done, and when something is said
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with counting(3, "decoding", "files") as advance:
        advance()
        advance()
    assert capsys.readouterr().err.splitlines() == [
        "decoding: 2 of 3, 0.2 files/s, 0:00:06 left",
        "decoding: 2 of 3, 0.1 files/s, 0:00:10 left",
    ]


def test_a_bar_counts(capsys: pytest.CaptureFixture[str]) -> None:
    with bar(3, "decoding", "files") as advance:
        for _ in range(3):
            advance()
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "files/s" in shown


def test_without_a_terminal_what_takes_long_says_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter([0.0, 4.0, 16.0, 16.0, 17.0])  # when it starts, then at each thing done, and when something is said
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    assert list(track("abc", "scoring")) == ["a", "b", "c"]
    assert capsys.readouterr().err.splitlines() == ["scoring: 2 of 3, 0.1 items/s, 0:00:08 left"]
