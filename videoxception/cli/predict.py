"""Predict the action that each video shows."""

import argparse
import dataclasses
import json
import os
import sys

import videoxception
from videoxception.answer_sets import DEFAULT_COVERAGE, LEAST_COVERAGE, MOST_COVERAGE, check_coverage
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
    parser.add_argument("--json", action="store_true", help="print a JSON object a line, with all probabilities")


def run(options: argparse.Namespace) -> int:
    """Print a line for each video; return 1 if one of them failed."""
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
    return json.dumps({"video": video, "model": model, **dataclasses.asdict(prediction.answer), "clip": clip})
