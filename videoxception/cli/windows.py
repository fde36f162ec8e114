"""`videoxception predict --window`: what each video shows when."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

from rich.console import Console
from rich.progress import Progress

import videoxception
from videoxception.api.schemas import SegmentAnswer, TimelineResponse, TimelineResult
from videoxception.cli import timeline
from videoxception.cli.answers import json_line, text_line
from videoxception.cli.common import load_classifier
from videoxception.cli.exit_codes import OK, SOME_FAILED
from videoxception.cli.videos import Named, tell_failure
from videoxception.client import Client, ProblemError, Unauthorized

Look = Callable[[Named], TimelineResponse]
_NOT_WITHOUT = ("srt", "vtt")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of windows."""
    parser.add_argument(
        "--window",
        type=_window,
        metavar="SECONDS",
        help="look at each video through windows of so many seconds, or auto, for its timeline",
    )
    parser.add_argument("--step", type=float, metavar="SECONDS", help="from one window to the next (default: half one)")
    parser.add_argument("--smoothing", type=float, metavar="SECONDS", help="windows averaged over (default: half one)")
    parser.add_argument(
        "--shortest", type=float, metavar="SECONDS", help="stretch of a timeline (default: half a window)"
    )


def misuse(options: argparse.Namespace) -> str | None:
    """Return what is wrong with the options together, if anything is."""
    alone = options.form in _NOT_WITHOUT or any(
        value is not None for value in (options.step, options.smoothing, options.shortest)
    )
    if options.window is None and alone:
        return "--srt, --vtt, --step, --smoothing and --shortest go with --window; add --window auto"
    if options.form in _NOT_WITHOUT and len(options.videos) > 1:
        return "subtitles are those of one video; ask for one at a time"
    return None


def run(options: argparse.Namespace, videos: list[Named]) -> int:
    """Print the timeline of each video; return whether one of them failed."""
    failed = False
    with ExitStack() as stack:
        look = _asking(options, stack) if options.url else _looking(options, stack)
        if options.form == "csv":
            print(timeline.CSV_HEAD, end="")
        for video in videos:
            try:
                _show(options, video, look(video))
            except Unauthorized:
                raise
            except (videoxception.VideoError, ProblemError, OSError, ValueError) as error:
                failed = True
                tell_failure(video, error)
    return SOME_FAILED if failed else OK


def _looking(options: argparse.Namespace, stack: ExitStack) -> Look:
    """Return what looks at a video in this process."""
    classifier = stack.enter_context(load_classifier(options, decoders=1))
    from videoxception.api.response import clip_info, predict_response, timeline_response, timeline_result

    def look(video: Named) -> TimelineResponse:
        with _progress() as note:
            found = classifier.timeline(
                video.source,
                options.window,
                options.step,
                smoothing=options.smoothing,
                shortest=options.shortest,
                coverage=options.coverage,
                note=lambda _, count: note(count),
            )
        precision, clip = classifier.engine.precision, clip_info(found.clip)
        whole = predict_response(classifier.release, precision, found.answer, clip, video.sha256)
        return timeline_response(timeline_result(whole, found.windows, found.rule, found.timeline), found.segments)

    return look


def _asking(options: argparse.Namespace, stack: ExitStack) -> Look:
    """Return what has a service look at a video."""
    client = stack.enter_context(Client(options.url, api_key=options.api_key))

    def look(video: Named) -> TimelineResponse:
        segments: list[SegmentAnswer] = []
        with _progress() as note:
            for said in client.timeline(
                video.source,
                options.window,
                options.step,
                smoothing=options.smoothing,
                shortest=options.shortest,
                model=options.model or None,
                coverage=options.coverage,
            ):
                if isinstance(said, TimelineResult):
                    return TimelineResponse(**dict(said), segments=segments)
                segments.append(said)
                note(None)
        raise AssertionError("a timeline ends with the result")

    return look


@contextmanager
def _progress() -> Iterator[Callable[[int | None], None]]:
    """Return what is called for each window, with the number of all if that is known."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("windows", total=None)
        yield lambda count: progress.update(task, advance=1, total=count)


def _show(options: argparse.Namespace, video: Named, found: TimelineResponse) -> None:
    if options.form == "json":
        print(json_line(video.name, found), flush=True)
    elif options.form == "srt":
        print(timeline.srt(found.timeline), end="")
    elif options.form == "vtt":
        print(timeline.vtt(found.timeline), end="")
    elif options.form == "csv":
        print(timeline.csv_rows(video.name, found.timeline), end="", flush=True)
    else:
        print(text_line(video.name, found, options.coverage), flush=True)
        timeline.show(Console(), found.timeline)


def _window(text: str) -> float | Literal["auto"]:
    """Read a window. Raises what argparse makes its message of."""
    return "auto" if text == "auto" else float(text)
