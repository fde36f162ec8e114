"""The whole library in one line: `Classifier.load("videoxception-a").predict("clip.mp4")`."""

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from os import PathLike
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from videoxception import engine as engines
from videoxception.answer import Answer, answer
from videoxception.answer_sets import DEFAULT_COVERAGE, check_coverage
from videoxception.cache import CACHE, cache_folder
from videoxception.clip import Clip, Frames
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
from videoxception.video.window_stream import window_clips
from videoxception.video_source import Source
from videoxception.windows import Windows, ask

Video = Source | npt.NDArray[np.uint8]
"""A path, a video's bytes, a file object opened in binary mode, or decoded frames: uint8 (N, H, W, 3), RGB."""

_Submitted = Job | Clip | VideoError | OSError  # what comes of a video that was submitted

_AHEAD = 4  # files submitted ahead for each decoder, so that none waits for the engine
_BATCH = 16  # clips given to the engine at once, if as many are there


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
        cache: str | PathLike[str] | None = CACHE,
        limits: Limits | None = None,
        decoders: int = 1,
    ) -> Self:
        """Load a released model and create its engine.

        Args:
            model: "name@version", "name" for its newest version, or "" for the default model.
            store: Where to look for it; by default, the built-in and the user's own store.
            device: "cpu", "cuda", "cuda:N" or "auto".
            precision: "f32", "bf16", "int8" or "auto".
            cache: A folder for compiled models and what was measured, for quicker starts on CPUs; None keeps nothing.
            limits: Limits on the videos that are decoded; by default, `timeline` has wider ones.
            decoders: Number of decoder processes.

        Raises:
            StoreError: The model is missing or damaged.
            EngineError: The model cannot run on this device or in this precision.
        """
        store = store or ModelStore.from_path("")
        release = store.load(model)
        engine = engines.create(release, device, precision, cache_folder(cache), pins=store.pins)
        return cls(release, engine, limits, decoders)

    @property
    def classes(self) -> list[str]:
        """The actions, in the order of the model's outputs."""
        return self.release.manifest.classes

    @property
    def longest(self) -> Limits:
        """The limits on what `timeline` looks at."""
        return self._long

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
        waiting: deque[_Submitted] = deque()
        try:
            for video in videos:
                waiting.append(self._submit(video))
                if len(waiting) >= self._ahead:
                    yield from self._outcomes(waiting, coverage)
            while waiting:
                yield from self._outcomes(waiting, coverage)
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
            smoothing: Seconds over which windows are averaged; by default, half a window.
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
                    (said,) = self._answers([came.frames], coverage)
                    whole = Prediction(said, came)
                    break
                windows = came[0].windows
                for clip, said in zip(came, self._answers([clip.frames for clip in came], coverage), strict=True):
                    segments.append(Segment(clip.start, clip.end, said))
                    note(segments[-1], clip.count)
        rule = Rule.of(windows, smoothing, shortest)
        entries = timeline(segments, self.release.manifest, rule)
        return TimelinePrediction(whole.answer, whole.clip, tuple(segments), tuple(entries), windows, rule)

    def _submit(self, video: Video) -> _Submitted:
        try:
            if isinstance(video, np.ndarray):
                return clip_of_frames(video, self.release.manifest.clip)
            file = open_source(video, self._decoders.limits.bytes)  # closed when the job is done
        except (OSError, VideoError) as error:
            return error
        job = self._decoders.submit(file, self.release.manifest.clip)
        job.done.add_done_callback(lambda _: file.close())
        return job

    def _outcomes(self, waiting: deque[_Submitted], coverage: float) -> list[Prediction | VideoError | OSError]:
        """Take the first of those that wait, and those behind it that are decoded; return their outcomes."""
        decoded = [_decoded(waiting.popleft())]
        while waiting and len(decoded) < _BATCH and _is_done(waiting[0]):
            decoded.append(_decoded(waiting.popleft()))
        frames = [one.frames for one in decoded if isinstance(one, Clip)]
        answers = iter(self._answers(frames, coverage))
        return [Prediction(next(answers), one) if isinstance(one, Clip) else one for one in decoded]

    def _answers(self, clips: Sequence[Frames], coverage: float) -> list[Answer]:
        """Return the answers for clips (F, H, W, 3)."""
        if not clips:
            return []
        logits = self.engine.predict(np.stack(clips))
        return [answer(self.release.manifest, row, coverage) for row in logits]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _is_done(submitted: _Submitted) -> bool:
    return not isinstance(submitted, Job) or submitted.done.done()


def _decoded(submitted: _Submitted) -> Clip | VideoError | OSError:
    """Wait for a clip, or the error that prevents it."""
    if not isinstance(submitted, Job):
        return submitted
    try:
        return submitted.done.result()
    except (VideoError, OSError) as error:
        return error
