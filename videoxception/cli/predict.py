"""Predict the action that each video shows, or with --window what it shows when; here, or by a running service."""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import videoxception
from videoxception.api.schemas import PredictResponse
from videoxception.cli import windows
from videoxception.cli.answers import printer
from videoxception.cli.common import add_engine_arguments, add_model_arguments, load_classifier
from videoxception.cli.exit_codes import OK, SOME_FAILED, USAGE
from videoxception.cli.videos import Named, named, tell_failure
from videoxception.client import Client, ClientError, ProblemError, Unauthorized
from videoxception.cores import cores

_AT_ONCE = 8  # requests
_FORMS = {
    "json": "print a JSON object a line: the file's name as `video`, and what the service answers",
    "csv": "print a table with all probabilities as CSV; of timelines, rows: video, start, end, label, confidence",
    "srt": "print the timeline of one video as SubRip subtitles",
    "vtt": "print the timeline of one video as WebVTT subtitles",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception predict`."""
    parser.add_argument("videos", nargs="+", metavar="VIDEO", help="a video file; - is standard input")
    parser.add_argument(
        "--url", help="ask the service at this address (http://127.0.0.1:8000) instead of answering here"
    )
    parser.add_argument(
        "--api-key",
        default=os.environ.get("VX_API_KEY"),
        metavar="KEY",
        help="that the service asks for (default: the variable VX_API_KEY, which others on the machine cannot see)",
    )
    add_model_arguments(parser)
    add_engine_arguments(parser)
    windows.add_arguments(parser)
    form = parser.add_mutually_exclusive_group()
    for name, meaning in _FORMS.items():
        form.add_argument(f"--{name}", dest="form", action="store_const", const=name, help=meaning)


def run(options: argparse.Namespace) -> int:
    """Print what is to be said of each video; return whether one of them failed."""
    if wrong := windows.misuse(options):
        print(f"error: {wrong}", file=sys.stderr)
        return USAGE
    videos = [named(name) for name in options.videos]
    if options.window is not None:
        return windows.run(options, videos)
    failed = False
    with printer(options.form, options.coverage) as show:
        for video, outcome in zip(videos, _outcomes(options, videos), strict=True):
            if isinstance(outcome, PredictResponse):
                show(video.name, outcome)
            else:
                failed = True
                tell_failure(video, outcome)
    return SOME_FAILED if failed else OK


def _outcomes(options: argparse.Namespace, videos: list[Named]) -> Iterator[PredictResponse | Exception]:
    return _asked(options, videos) if options.url else _answered(options, videos)


def _answered(options: argparse.Namespace, videos: list[Named]) -> Iterator[PredictResponse | Exception]:
    """Yield the answers of a classifier in this process."""
    with load_classifier(options, decoders=min(len(videos), cores())) as classifier:
        from videoxception.api.response import clip_info, predict_response

        found = classifier.predict_each((video.source for video in videos), coverage=options.coverage)
        for video, outcome in zip(videos, found, strict=True):
            if isinstance(outcome, videoxception.Prediction):
                clip = clip_info(outcome.clip)
                precision = classifier.engine.precision
                yield predict_response(classifier.release, precision, outcome.answer, clip, video.sha256)
            else:
                yield outcome


def _asked(options: argparse.Namespace, videos: list[Named]) -> Iterator[PredictResponse | Exception]:
    """Yield the answers of a service. Raise `ClientError` if it is not there, or takes nothing from this client."""
    with Client(options.url, api_key=options.api_key) as client, ThreadPoolExecutor(_AT_ONCE) as pool:

        def ask(video: Named) -> PredictResponse | Exception:
            try:
                return client.predict(video.source, model=options.model or None, coverage=options.coverage)
            except Unauthorized:
                raise
            except (ProblemError, OSError) as error:
                return error

        asked = [pool.submit(ask, video) for video in videos]
        try:
            for one in asked:
                yield one.result()
        except ClientError:
            pool.shutdown(cancel_futures=True)
            raise
