"""The whole library in one line: `Classifier.load("videoxception-a").predict("clip.mp4")`."""

import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal, Self

from videoxception import engine as engines
from videoxception.answer import Answer, answer
from videoxception.answer_sets import DEFAULT_COVERAGE, check_coverage
from videoxception.clip import Clip
from videoxception.engine import Engine
from videoxception.engine.base import Precision
from videoxception.store import ModelStore, Release
from videoxception.video import Limits, VideoError
from videoxception.video.job import Job
from videoxception.video.pool import DecoderPool
from videoxception.video.source import open_source

AnyPath = str | PathLike[str]

_AHEAD = 2  # files submitted ahead for each decoder, so that none waits for the engine


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for a video, and the clip that it was computed from."""

    answer: Answer
    clip: Clip


class Classifier:
    """A released model with its engine: video files in, answers out. Safe to use from several threads.

    Files are decoded in processes that can open no file and reach no network. They end with the classifier: when it is
    closed or left as a context manager, when nothing refers to it any more, or at the program's end.
    """

    def __init__(self, release: Release, engine: Engine, limits: Limits | None = None, decoders: int = 1) -> None:
        self.release = release
        self.engine = engine
        self._decoders = DecoderPool(decoders, limits)
        self._ahead = decoders * _AHEAD
        self.close = weakref.finalize(self, self._decoders.close)

    @classmethod
    def load(
        cls,
        model: str = "",
        *,
        store: ModelStore | None = None,
        device: str = "auto",
        precision: Literal["auto"] | Precision = "auto",
        limits: Limits | None = None,
        decoders: int = 1,
    ) -> Self:
        """Load a released model and create its engine.

        Args:
            model: "name@version", "name" for its newest version, or "" for the default model.
            store: Where to look for it; by default, the built-in store.
            device: "cpu", "cuda", "cuda:N" or "auto".
            precision: "f32", "bf16", "int8" or "auto".
            limits: Limits on the videos that are decoded.
            decoders: Number of decoder processes.

        Raises:
            StoreError: The model is missing or damaged.
            EngineError: The model cannot run on this device or in this precision.
        """
        release = (store or ModelStore()).load(model)
        return cls(release, engines.create(release, device, precision), limits, decoders)

    @property
    def classes(self) -> list[str]:
        """The actions, in the order of the model's outputs."""
        return self.release.manifest.classes

    def predict(self, path: AnyPath, *, coverage: float = DEFAULT_COVERAGE) -> Prediction:
        """Return the answer for a file.

        Args:
            path: The video file.
            coverage: Share of videos whose answer set is to have the true class.

        Raises:
            CoverageError: There is no answer set for this coverage.
            VideoError: The file is not a usable video.
            OSError: It cannot be read.
        """
        check_coverage(coverage)
        return self._predict(self._decoders.decode(Path(path), self.release.manifest.clip), coverage)

    def predict_each(
        self, paths: Iterable[AnyPath], *, coverage: float = DEFAULT_COVERAGE
    ) -> Iterator[Prediction | VideoError | OSError]:
        """Yield each file's answer, or the error that prevents it, in order. Later files are decoded meanwhile.

        Raises `CoverageError` at the first answer if there is no answer set for this coverage.
        """
        check_coverage(coverage)
        waiting: deque[Job | OSError | VideoError] = deque()
        try:
            for path in paths:
                waiting.append(self._submit(path))
                if len(waiting) >= self._ahead:
                    yield self._outcome(waiting.popleft(), coverage)
            while waiting:
                yield self._outcome(waiting.popleft(), coverage)
        finally:
            for job in waiting:
                if isinstance(job, Job):
                    self._decoders.stop(job)

    def _submit(self, path: AnyPath) -> Job | OSError | VideoError:
        try:
            file = open_source(Path(path), self._decoders.limits.bytes)  # closed when the job is done
        except (OSError, VideoError) as error:
            return error
        job = self._decoders.submit(file, self.release.manifest.clip)
        job.done.add_done_callback(lambda _: file.close())
        return job

    def _outcome(self, job: Job | OSError | VideoError, coverage: float) -> Prediction | VideoError | OSError:
        if not isinstance(job, Job):
            return job
        try:
            return self._predict(job.done.result(), coverage)
        except (VideoError, OSError) as error:
            return error

    def _predict(self, clip: Clip, coverage: float) -> Prediction:
        logits = self.engine.predict(clip.frames[None])[0]
        return Prediction(answer(self.release.manifest, logits, coverage), clip)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
