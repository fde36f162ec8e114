"""Predict the action that each video shows, or with --window what it shows when."""

import argparse
import dataclasses
import json
import os
import sys
from typing import Literal

from rich.console import Console
from rich.progress import Progress

import videoxception
from videoxception.answer_sets import DEFAULT_COVERAGE, LEAST_COVERAGE, MOST_COVERAGE, check_coverage
from videoxception.cli import timeline
from videoxception.cli.common import add_model_arguments, open_store

_STANDARD_INPUT = "/dev/stdin"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception predict`."""
    parser.add_argument("videos", nargs="+", metavar="VIDEO", help="a video file; - is standard input")
    add_model_arguments(parser)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument(
        "--coverage",
        type=_coverage,
        default=DEFAULT_COVERAGE,
        metavar="SHARE",
        help="share of videos whose answer set is to have the true class,"
        f" {LEAST_COVERAGE} to {MOST_COVERAGE} (default: {DEFAULT_COVERAGE})",
    )
    _add_window_arguments(parser)
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print a JSON object a line, with all probabilities")
    forms.add_argument("--srt", action="store_true", help="print the timeline of one video as SubRip subtitles")
    forms.add_argument("--vtt", action="store_true", help="print the timeline of one video as WebVTT subtitles")
    forms.add_argument("--csv", action="store_true", help="print the timelines as rows: video, start, end, label")


def _add_window_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--window",
        type=_window,
        metavar="SECONDS",
        help="look at each video through windows of so many seconds, or auto, and print its timeline",
    )
    parser.add_argument("--step", type=float, metavar="SECONDS", help="from one window to the next (default: half one)")
    parser.add_argument("--smoothing", type=float, metavar="SECONDS", help="windows averaged over (default: one)")
    parser.add_argument(
        "--shortest", type=float, metavar="SECONDS", help="stretch of a timeline (default: half a window)"
    )


def run(options: argparse.Namespace) -> int:
    """Print a line for each video, or its timeline; return 1 if one of them failed."""
    if options.window is not None:
        return _show_timelines(options)
    if options.srt or options.vtt or options.csv or options.step is not None:
        print("error: --srt, --vtt, --csv and --step go with --window; add --window auto", file=sys.stderr)
        return 2
    failed = False
    decoders = min(len(options.videos), os.cpu_count() or 1)
    with videoxception.Classifier.load(
        options.model, store=open_store(options), device=options.device, decoders=decoders
    ) as classifier:
        paths = [_STANDARD_INPUT if video == "-" else video for video in options.videos]
        outcomes = classifier.predict_each(paths, coverage=options.coverage)
        for video, outcome in zip(options.videos, outcomes, strict=True):
            if isinstance(outcome, videoxception.Prediction):
                line = _json(video, classifier, outcome) if options.json else _line(video, outcome, options.coverage)
                print(line, flush=True)
            else:
                failed = True
                reason = outcome.strerror if isinstance(outcome, OSError) else outcome
                print(f"{video}: {reason}", file=sys.stderr)
    return int(failed)


def _show_timelines(options: argparse.Namespace) -> int:
    """Print the timeline of each video; return 1 if one of them failed."""
    if len(options.videos) > 1 and (options.srt or options.vtt):
        print("error: subtitles are those of one video; ask for one at a time", file=sys.stderr)
        return 2
    if options.csv:
        print(timeline.CSV_HEAD, end="")
    failed = False
    with videoxception.Classifier.load(options.model, store=open_store(options), device=options.device) as classifier:
        for video in options.videos:
            try:
                _show_timeline(options, classifier, video)
            except (videoxception.VideoError, OSError, ValueError) as error:
                failed = True
                reason = error.strerror if isinstance(error, OSError) else error
                print(f"{video}: {reason}", file=sys.stderr)
    return int(failed)


def _show_timeline(options: argparse.Namespace, classifier: "videoxception.Classifier", video: str) -> None:
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("windows", total=None)
        found = classifier.timeline(
            _STANDARD_INPUT if video == "-" else video,
            options.window,
            options.step,
            smoothing=options.smoothing,
            shortest=options.shortest,
            coverage=options.coverage,
            note=lambda _, count: progress.update(task, advance=1, total=count),
        )
    if options.json:
        print(_json(video, classifier, found))
    elif options.srt:
        print(timeline.srt(found.timeline), end="")
    elif options.vtt:
        print(timeline.vtt(found.timeline), end="")
    elif options.csv:
        print(timeline.csv_rows(video, found.timeline), end="", flush=True)
    else:
        print(_line(video, found, options.coverage), flush=True)
        timeline.show(Console(), found.timeline)


def _window(text: str) -> float | Literal["auto"]:
    """Read a window. Raises what argparse makes its message of."""
    return "auto" if text == "auto" else float(text)


def _coverage(text: str) -> float:
    """Read a coverage. Raises what argparse makes its message of."""
    try:
        return check_coverage(float(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _line(video: str, prediction: "videoxception.Prediction", coverage: float) -> str:
    answer, clip = prediction.answer, prediction.clip
    others = sorted(answer.probabilities.items(), key=lambda item: -item[1])[1:3]
    runners_up = ", ".join(f"{label} {probability:.0%}" for label, probability in others)
    doubt = "" if answer.known else "; perhaps none of the classes"
    warnings = f"; {', '.join(clip.warnings)}" if clip.warnings else ""
    among = f"; answer set at {coverage:.1%}: {', '.join(answer.answer_set)}" if answer.answer_set else ""
    return f"{video}: {answer.label} {answer.confidence:.0%} (then {runners_up}{doubt}{warnings}){among}"


def _json(video: str, classifier: "videoxception.Classifier", prediction: "videoxception.Prediction") -> str:
    clip = {
        field.name: getattr(prediction.clip, field.name)
        for field in dataclasses.fields(prediction.clip)
        if field.name != "frames"
    }
    manifest = classifier.release.manifest
    model = {"name": manifest.name, "version": manifest.version, "sha256": classifier.release.sha256}
    said = {"video": video, "model": model, **dataclasses.asdict(prediction.answer), "clip": clip}
    return json.dumps(said | (_windows(prediction) if isinstance(prediction, videoxception.TimelinePrediction) else {}))


def _windows(prediction: "videoxception.TimelinePrediction") -> dict[str, object]:
    """Return what the service says of windows, too."""
    windows, rule = prediction.windows, dataclasses.asdict(prediction.rule)
    return {
        "windows": {"window": windows.length, "step": windows.step, **rule},
        "segments": [
            {"start": segment.start, "end": segment.end, **dataclasses.asdict(segment.answer)}
            for segment in prediction.segments
        ],
        "timeline": [dataclasses.asdict(entry) for entry in prediction.timeline],
    }
