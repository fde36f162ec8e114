"""What a model says of a video -> the JSON that the service answers with."""

from collections.abc import Sequence
from dataclasses import asdict

from app.registry import Served
from app.schemas import (
    Answered,
    ClipInfo,
    EntryOut,
    ModelId,
    PredictionOut,
    SegmentOut,
    TimelineOut,
    TimelineResult,
    WindowsOut,
)
from videoxception.answer import answer
from videoxception.clip import Clip
from videoxception.engine.base import Logits
from videoxception.timeline import Rule, Segment, timeline
from videoxception.windows import Windows


def answered_of(clip: Clip, logits: Logits, stages: dict[str, float]) -> Answered:
    """Return what is kept of a clip and its logits."""
    return Answered(logits.copy(), _clip_info(clip), stages, _way(clip))


def prediction_of(served: Served, sha256: str, answered: Answered, coverage: float) -> PredictionOut:
    """Return the answer to an upload."""
    said, release = answer(served.manifest, answered.logits, coverage), served.release
    return PredictionOut(
        model=ModelId(name=release.manifest.name, version=release.manifest.version, sha256=release.sha256),
        clip=answered.clip,
        sha256=sha256,
        **asdict(said),
    )


def segment_of(segment: Segment) -> SegmentOut:
    """Return the answer to a window."""
    return SegmentOut(start=segment.start, end=segment.end, **asdict(segment.answer))


def result_of(
    served: Served, whole: PredictionOut, segments: Sequence[Segment], windows: Windows, rule: Rule
) -> TimelineResult:
    """Return the answer to a video and its windows, but for the segments."""
    return TimelineResult(
        **dict(whole),
        windows=WindowsOut(window=windows.length, step=windows.step, **asdict(rule)),
        timeline=[EntryOut.model_validate(entry) for entry in timeline(segments, served.manifest, rule)],
    )


def timeline_of(result: TimelineResult, segments: Sequence[Segment]) -> TimelineOut:
    """Return the answer to a video and its windows."""
    return TimelineOut(**dict(result), segments=[segment_of(segment) for segment in segments])


def _way(clip: Clip) -> str:
    """Return how a clip was decoded, as the log and the metrics call it."""
    return "key-frames" if "key frames only" in clip.warnings else "planned" if clip.planned else "straight"


def _clip_info(clip: Clip) -> ClipInfo:
    return ClipInfo(
        duration=clip.duration,
        width=clip.width,
        height=clip.height,
        codec=clip.codec,
        timestamps=list(clip.timestamps),
        warnings=list(clip.warnings),
    )
