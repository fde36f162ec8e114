"""An answer as the service and `videoxception predict --json` give it."""

from collections.abc import Sequence
from dataclasses import asdict

from videoxception.answer import Answer
from videoxception.api.schemas import (
    ClipInfo,
    ModelId,
    PredictResponse,
    SegmentAnswer,
    TimelineEntry,
    TimelineResponse,
    TimelineResult,
    WindowsUsed,
)
from videoxception.clip import Clip
from videoxception.engine.base import Precision
from videoxception.store import Release
from videoxception.timeline import Entry, Rule, Segment
from videoxception.windows import Windows


def clip_info(clip: Clip) -> ClipInfo:
    """Return what is told of a clip."""
    return ClipInfo(
        duration=clip.duration,
        width=clip.width,
        height=clip.height,
        codec=clip.codec,
        timestamps=list(clip.timestamps),
        warnings=list(clip.warnings),
    )


def model_id(release: Release, precision: Precision) -> ModelId:
    """Return which model answers, and in what."""
    manifest = release.manifest
    return ModelId(name=manifest.name, version=manifest.version, sha256=release.sha256, precision=precision)


def predict_response(
    release: Release, precision: Precision, answer: Answer, clip: ClipInfo, sha256: str
) -> PredictResponse:
    """Return the answer of a released model, computed in a precision, for a file with a hash."""
    return PredictResponse(
        model=model_id(release, precision),
        clip=clip,
        sha256=sha256,
        **asdict(answer),
    )


def segment_answer(segment: Segment) -> SegmentAnswer:
    """Return the answer to a window."""
    return SegmentAnswer(start=segment.start, end=segment.end, **asdict(segment.answer))


def timeline_result(whole: PredictResponse, windows: Windows, rule: Rule, entries: Sequence[Entry]) -> TimelineResult:
    """Return the answer to a video and its windows, but for the segments."""
    return TimelineResult(
        **dict(whole),
        windows=WindowsUsed(window=windows.length, step=windows.step, **asdict(rule)),
        timeline=[TimelineEntry.model_validate(entry) for entry in entries],
    )


def timeline_response(result: TimelineResult, segments: Sequence[Segment]) -> TimelineResponse:
    """Return the answer to a video and to its windows."""
    return TimelineResponse(**dict(result), segments=[segment_answer(segment) for segment in segments])
