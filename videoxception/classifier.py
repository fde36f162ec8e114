"""The whole library in one line: `Classifier.load("videoxception-a").predict("clip.mp4")`."""

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from videoxception import engine as engines
from videoxception.answer import Answer, answer
from videoxception.answer_sets import DEFAULT_COVERAGE, check_coverage
from videoxception.clip import Clip
from videoxception.engine import Engine
from videoxception.engine.base import Precision
from videoxception.store import ModelStore, Release
from videoxception.timeline import Entry, Rule, Segment, timeline
from videoxception.video import Limits, VideoError
from videoxception.video.array import clip_of_frames
from videoxception.video.job import Job
from videoxception.video.limits import LONG
from videoxception.video.pool import DecoderPool
from videoxception.video.source import open_source
from videoxception.video.window_clips import WindowClip
from videoxception.video.window_stream import window_clips
from videoxception.video_source import Source
from videoxception.windows import Windows, ask

Video = Source | npt.NDArray[np.uint8]
"""A path, a video's bytes, a file object opened in binary mode, or decoded frames: uint8 (N, H, W, 3), RGB."""

_AHEAD = 2  # files submitted ahead for each decoder, so that none waits for the engine


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for a video, and the clip that it was computed from."""

    answer: Answer
    clip: Clip


@dataclass(frozen=True, slots=True)
class TimelinePrediction(Prediction):
    """The answers for a video, for its windows, and the timeline that the `rule` makes of them."""

    segments: tuple[Segment, ...]
    timeline: tuple[Entry, ...]
    windows: Windows
    rule: Rule


class Classifier:
    """A released model with its engine: video files in, answers out. Safe to use from several threads.

    Files are decoded in processes that can open no file and reach no network. They end with the classifier: when it is
    closed or left as a context manager, when nothing refers to it any more, or at the program's end.
    """

    def __init__(self, release: Release, engine: Engine, limits: Limits | None = None, decoders: int = 1) -> None:
        self.release = release
        self.engine = engine
        self._decoders = DecoderPool(decoders, limits)
        self._long = limits or LONG
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
            limits: Limits on the videos that are decoded; by default, `timeline` has wider ones.
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

    def predict(self, video: Video, *, coverage: float = DEFAULT_COVERAGE) -> Prediction:
        """Return the answer for a video.

        Args:
            video: A path, bytes, a file object, or frames uint8 (N, H, W, 3) in RGB, evenly spaced in time.
            coverage: Share of videos whose answer set is to have the true class.

        Raises:
            CoverageError: There is no answer set for this coverage.
            VideoError: It is not a usable video.
            OSError: It cannot be read.
            ValueError: An array is not of frames.
        """
        (outcome,) = self.predict_each([video], coverage=coverage)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def predict_each(
        self, videos: Iterable[Video], *, coverage: float = DEFAULT_COVERAGE
    ) -> Iterator[Prediction | VideoError | OSError]:
        """Yield each video's answer, or the error that prevents it, in order. Later ones are decoded meanwhile.

        Raises `CoverageError` at the first answer if there is no answer set for this coverage.
        """
        check_coverage(coverage)
        waiting: deque[Job | Clip | OSError | VideoError] = deque()
        try:
            for video in videos:
                waiting.append(self._submit(video))
                if len(waiting) >= self._ahead:
                    yield self._outcome(waiting.popleft(), coverage)
            while waiting:
                yield self._outcome(waiting.popleft(), coverage)
        finally:
            for job in waiting:
                if isinstance(job, Job):
                    self._decoders.stop(job)

    def timeline(
        self,
        video: Source,
        window: float | Literal["auto"] = "auto",
        step: float | None = None,
        *,
        smoothing: float | None = None,
        shortest: float | None = None,
        coverage: float = DEFAULT_COVERAGE,
        note: Callable[[Segment, int], None] = lambda segment, count: None,
    ) -> TimelinePrediction:
        """Return what a long video shows, and when: it is decoded once, and looked at through windows.

        Args:
            video: A path, bytes, or a file object.
            window: Length of a window in seconds; "auto" chooses by the video's length.
            step: Seconds from one window to the next; by default, half a window.
            smoothing: Seconds over which windows are averaged; by default, a window.
            shortest: Seconds of the shortest stretch of the timeline; by default, half a window.
            coverage: Share of videos whose answer set is to have the true class.
            note: Called with each segment as soon as it is there, and the number of all.

        Raises:
            ValueError: A window, a step or a coverage that there cannot be.
            VideoError: The file is not a usable video.
            OSError: It cannot be read.
        """
        check_coverage(coverage)
        asked, spec, segments = ask(window, step), self.release.manifest.clip, list[Segment]()
        with (
            open_source(video, self._long.bytes) as file,
            closing(window_clips(self._decoders, file, spec, asked, self._long)) as clips,
        ):
            for came in clips:
                if isinstance(came, Clip):
                    whole = self._predict(came, coverage)
                    break
                windows = came[0].windows
                for segment in self._segments(came, coverage):
                    segments.append(segment)
                    note(segment, came[0].count)
        rule = Rule.of(windows, smoothing, shortest)
        entries = timeline(segments, self.release.manifest, rule)
        return TimelinePrediction(whole.answer, whole.clip, tuple(segments), tuple(entries), windows, rule)

    def _segments(self, clips: list[WindowClip], coverage: float) -> Iterator[Segment]:
        logits = self.engine.predict(np.stack([clip.frames for clip in clips]))
        for clip, row in zip(clips, logits, strict=True):
            yield Segment(clip.start, clip.end, answer(self.release.manifest, row, coverage))

    def _submit(self, video: Video) -> Job | Clip | OSError | VideoError:
        try:
            if isinstance(video, np.ndarray):
                return clip_of_frames(video, self.release.manifest.clip)
            file = open_source(video, self._decoders.limits.bytes)  # closed when the job is done
        except (OSError, VideoError) as error:
            return error
        job = self._decoders.submit(file, self.release.manifest.clip)
        job.done.add_done_callback(lambda _: file.close())
        return job

    def _outcome(self, job: Job | Clip | OSError | VideoError, coverage: float) -> Prediction | VideoError | OSError:
        if isinstance(job, Clip):
            return self._predict(job, coverage)
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
