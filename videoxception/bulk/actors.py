"""What the machines of a run do, each in processes of its own. Nothing here knows who starts them.

`Decoder` makes clips of a part's videos, `Answerer` makes rows of those clips and writes the part. `Looker` does both,
for windows: the clips of an hour would be half a gigabyte between two actors.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from videoxception import engine as engines
from videoxception.answer import Answer, answer
from videoxception.api.response import clip_info, predict_response
from videoxception.api.schemas import ClipInfo
from videoxception.bulk.errors import BulkError
from videoxception.bulk.parts import write_part
from videoxception.bulk.rows import Failure, Header, Look, Row
from videoxception.bulk.run import ahead, failure_of, header_of, printable, rows_of, sha256_of
from videoxception.bulk.sources import Source, is_uri
from videoxception.cache import CACHE, cache_folder
from videoxception.classifier import Classifier
from videoxception.clip import Frames
from videoxception.engine import Engine
from videoxception.store import ModelStore, Release
from videoxception.video import VideoError
from videoxception.video.pool import DecoderPool

Record = dict[str, Any]
"""What goes from one actor to the next: plain values that Arrow has types for."""

_AHEAD = 4  # videos that are fetched for each decoder, so that none waits
_BATCH = 16  # clips given to the engine at once


@dataclass(frozen=True, slots=True)
class Task:
    """What is the same for every part of a run."""

    source: Source
    out: str
    store: str
    header: Header

    @property
    def release(self) -> Release:
        """The model, as this machine has it. Raise `StoreError` if it has none of that name."""
        return ModelStore.from_path(self.store).load(f"{self.header.model.name}@{self.header.model.version}")


class _Decoded(BaseModel):
    """What came of a video: a clip, whose frames lie beside, or an error."""

    clip: ClipInfo | None = None
    sha256: str | None = None
    error: Failure | None = None


def begin(model: str, store: str, device: str, precision: str, coverage: float, look: Look | None) -> Header:
    """Return the header of a run whose engines are like this machine's."""
    models = ModelStore.from_path(store)
    release = models.load(model)
    return header_of(release, _engine(release, models, device, precision), coverage, look)


def part(start: int, videos: list[str]) -> Record:
    """Return the record of a part. Names are bytes, as they may be no text."""
    return {"start": start, "videos": [os.fsencode(video) for video in videos]}


class Decoder:
    """A part's videos -> their clips, by decoder processes that can be killed."""

    def __init__(self, task: Task, decoders: int = 1) -> None:
        """Start the processes. Raise `BulkError` where this machine cannot see the videos."""
        _check_seen(task.source)
        self._source, self._spec = task.source, task.release.manifest.clip
        self._pool, self._at_once = DecoderPool(decoders), decoders * _AHEAD

    def __call__(self, record: Record) -> Record:
        """Return the record with what came of each video, and the frames of all clips behind each other."""
        outcomes = list(ahead(self._decode, map(os.fsdecode, record["videos"]), self._at_once))
        frames = b"".join(frames.tobytes() for _, frames in outcomes if frames is not None)
        return {**record, "decoded": [decoded.model_dump_json() for decoded, _ in outcomes], "frames": frames}

    def _decode(self, video: str) -> tuple[_Decoded, Frames | None]:
        try:
            with self._source.fetch(video, self._pool.limits.bytes) as path:
                clip = self._pool.decode(path, self._spec)
                return _Decoded(clip=clip_info(clip), sha256=sha256_of(path)), clip.frames
        except (VideoError, OSError) as error:
            return _Decoded(error=failure_of(error)), None


class Answerer:
    """A part's clips -> its rows, which are written."""

    def __init__(self, task: Task) -> None:
        """Create the engine. Raise `BulkError` if its numbers may be others than the run's."""
        self._task, self._release = task, task.release
        self._engine = _engine_of(task, self._release)

    def __call__(self, record: Record) -> Record:
        """Write the part; return how many rows it has."""
        decoded = [_Decoded.model_validate_json(one) for one in record["decoded"]]
        answers = self._answers(np.frombuffer(record["frames"], np.uint8))
        videos = [printable(os.fsdecode(video)) for video in record["videos"]]
        rows = [self._row(video, one, answers) for video, one in zip(videos, decoded, strict=True)]
        write_part(self._task.out, record["start"], self._task.header, rows)
        return {"rows": len(rows)}

    def _answers(self, content: Frames) -> Iterator[Answer]:
        clips = content.reshape(-1, *self._release.manifest.clip.shape)
        for start in range(0, len(clips), _BATCH):
            for logits in self._engine.predict(clips[start : start + _BATCH]):
                yield answer(self._release.manifest, logits, self._task.header.coverage)

    def _row(self, video: str, decoded: _Decoded, answers: Iterator[Answer]) -> Row:
        if decoded.clip is None or decoded.sha256 is None:
            return Row(video=video, error=decoded.error)
        precision = self._engine.precision
        return Row.of(video, predict_response(self._release, precision, next(answers), decoded.clip, decoded.sha256))


class Looker:
    """A part's videos -> rows with windows and timelines, which are written."""

    def __init__(self, task: Task, decoders: int = 1) -> None:
        """Start the processes and the engine. Raise `BulkError` as the other two do."""
        _check_seen(task.source)
        release = task.release
        self._task, self._decoders = task, decoders
        self._classifier = Classifier(release, _engine_of(task, release), decoders=decoders)

    def __call__(self, record: Record) -> Record:
        """Write the part; return how many rows it has."""
        task, videos = self._task, [os.fsdecode(video) for video in record["videos"]]
        rows = list(rows_of(self._classifier, task.source, videos, task.header, self._decoders))
        write_part(task.out, record["start"], task.header, rows)
        return {"rows": len(rows)}


def _engine(release: Release, models: ModelStore, device: str, precision: str) -> Engine:
    asked: Any = precision
    return engines.create(release, device, asked, cache_folder(CACHE), pins=models.pins)


def _engine_of(task: Task, release: Release) -> Engine:
    """Create the run's engine. Raise `BulkError` if this machine's would give other numbers."""
    header, models = task.header, ModelStore.from_path(task.store)
    engine = _engine(release, models, header.device, header.model.precision)
    here = header_of(release, engine, header.coverage, header.look)
    if differences := here.differences(header):
        what = "; ".join(differences)
        raise BulkError(
            f"the machine {os.uname().nodename} is unlike those that the run was begun on: {what}. Run it on machines"
            " of one kind, with the same installation and models"
        )
    return engine


def _check_seen(source: Source) -> None:
    """Raise `BulkError` if a folder of videos cannot be seen here: they would all count as gone."""
    if not is_uri(source.root) and not Path(source.root).is_dir():
        raise BulkError(f"the machine {os.uname().nodename} has no folder {source.root}: all must see the same files")
