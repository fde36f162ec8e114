"""Rows of a classifier, for videos that have none yet."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from videoxception.api.response import clip_info, model_id, predict_response
from videoxception.bulk.rows import Failure, Header, Row
from videoxception.classifier import Classifier, Prediction
from videoxception.video import VideoError


def header_of(classifier: Classifier, coverage: float) -> Header:
    """Return what pins the rows of a classifier."""
    manifest, engine = classifier.release.manifest, classifier.engine
    return Header(
        videoxception=version("videoxception"),
        model=model_id(classifier.release, engine.precision),
        device=engine.device.partition(":")[0],
        coverage=coverage,
        classes=manifest.classes,
    )


def printable(path: str) -> str:
    """Return a path as text; of bytes that are no UTF-8, their numbers."""
    return os.fsencode(path).decode(errors="backslashreplace")


def classify(classifier: Classifier, folder: Path, videos: Sequence[str], coverage: float) -> Iterator[Row]:
    """Yield a row for each video, in their order: those that come later are decoded meanwhile."""
    outcomes = classifier.predict_each((folder / video for video in videos), coverage=coverage)
    for video, outcome in zip(videos, outcomes, strict=True):
        yield _row(classifier, printable(video), folder / video, outcome)


def _row(classifier: Classifier, video: str, path: Path, outcome: Prediction | VideoError | OSError) -> Row:
    if isinstance(outcome, Prediction):
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:  # it has gone meanwhile
            outcome = error
        else:
            answer = predict_response(
                classifier.release, classifier.engine.precision, outcome.answer, clip_info(outcome.clip), sha256
            )
            return Row.of(video, answer)
    return Row(video=video, error=failure_of(outcome))


def failure_of(error: VideoError | OSError) -> Failure:
    """Return what is told of an error."""
    if isinstance(error, OSError):
        return Failure(type="unreadable", detail=error.strerror or str(error))
    return Failure(type=error.kind, detail=str(error))
