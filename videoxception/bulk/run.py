"""Rows of a classifier, for videos that have none yet."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from videoxception.api.response import clip_info, model_id, predict_response, timeline_response, timeline_result
from videoxception.bulk.errors import BulkError
from videoxception.bulk.rows import Failure, Header, Look, Row
from videoxception.bulk.sources import Source, is_uri
from videoxception.classifier import Classifier, Prediction
from videoxception.engine import Engine
from videoxception.engine.kept_choices import cpu_kind
from videoxception.store import Release
from videoxception.video import VideoError
from videoxception.windows import ask

_T = TypeVar("_T")
_R = TypeVar("_R")


def header_of(release: Release, engine: Engine, coverage: float, look: Look | None = None) -> Header:
    """Return what pins the rows of a model and its engine."""
    device = engine.device.partition(":")[0]
    return Header(
        videoxception=version("videoxception"),
        model=model_id(release, engine.precision),
        device=device,
        cpu=cpu_kind() if device == "cpu" else None,
        coverage=coverage,
        look=look,
        classes=release.manifest.classes,
    )


def printable(path: str) -> str:
    """Return a path as text; of bytes that are no UTF-8, their numbers."""
    return os.fsencode(path).decode(errors="backslashreplace")


def check_look(look: Look | None) -> None:
    """Raise `BulkError` if there are no such windows."""
    try:
        if look:
            ask(look.window, look.step)
    except ValueError as error:
        raise BulkError(str(error)) from error


def check_on_disk(source: Source, videos: Iterable[str]) -> None:
    """Raise `BulkError` if a video is not on a disk."""
    if away := next((place for place in map(source.place, videos) if is_uri(place)), None):
        raise BulkError(f"{printable(away)} is not on a disk: --ray reads object stores, here too with --ray local")


def rows_of(
    classifier: Classifier, source: Source, videos: Sequence[str], header: Header, at_once: int
) -> Iterator[Row]:
    """Yield the row of each video, in their order: with windows if the header has them, else of whole videos on a disk.

    `at_once` is how many videos are looked at through windows at the same time.
    """
    if header.look:
        return _look_at(classifier, source, videos, header.look, header.coverage, at_once)
    return classify(classifier, source, videos, header.coverage)


def classify(classifier: Classifier, source: Source, videos: Sequence[str], coverage: float) -> Iterator[Row]:
    """Yield a row for each video on a disk, in their order: those that come later are decoded meanwhile."""
    outcomes = classifier.predict_each((source.path(video) for video in videos), coverage=coverage)
    for video, outcome in zip(videos, outcomes, strict=True):
        yield _row(classifier, printable(video), source.path(video), outcome)


def _look_at(
    classifier: Classifier, source: Source, videos: Iterable[str], look: Look, coverage: float, at_once: int
) -> Iterator[Row]:
    """Yield a row with windows and a timeline for each video, in their order."""

    def one(video: str) -> Row:
        try:
            with source.fetch(video, classifier.longest.bytes) as path:
                found = classifier.timeline(path, **look.model_dump(), coverage=coverage)
                sha256 = sha256_of(path)
        except (VideoError, OSError) as error:
            return Row(video=printable(video), error=failure_of(error))
        release, precision = classifier.release, classifier.engine.precision
        whole = predict_response(release, precision, found.answer, clip_info(found.clip), sha256)
        result = timeline_result(whole, found.windows, found.rule, found.timeline)
        return Row.of(printable(video), timeline_response(result, found.segments))

    return ahead(one, videos, at_once)


def ahead(function: Callable[[_T], _R], items: Iterable[_T], threads: int) -> Iterator[_R]:
    """Yield what a function returns for each item, in order; threads work on those that come next."""
    waiting: deque[Future[_R]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _row(classifier: Classifier, video: str, path: Path, outcome: Prediction | VideoError | OSError) -> Row:
    if isinstance(outcome, Prediction):
        try:
            sha256 = sha256_of(path)
        except OSError as error:  # it has gone meanwhile
            outcome = error
        else:
            answer = predict_response(
                classifier.release, classifier.engine.precision, outcome.answer, clip_info(outcome.clip), sha256
            )
            return Row.of(video, answer)
    return Row(video=video, error=failure_of(outcome))


def sha256_of(path: Path) -> str:
    """Return the hash of a file. Raise `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def failure_of(error: VideoError | OSError) -> Failure:
    """Return what is told of an error."""
    if isinstance(error, OSError):
        return Failure(type="unreadable", detail=error.strerror or str(error))
    return Failure(type=error.kind, detail=str(error))
