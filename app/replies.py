"""What a model says of an upload -> the JSON that the service answers with."""

from collections.abc import Sequence

from app.answered import Answered
from app.clip_queue import Inferred
from app.registry import Served
from videoxception.answer import answer
from videoxception.api.response import clip_info, predict_response, timeline_result
from videoxception.api.schemas import FrameImage, PredictResponse, TimelineResult
from videoxception.clip import Clip
from videoxception.timeline import Rule, Segment, timeline
from videoxception.windows import Windows


def answered_of(
    clip: Clip, inferred: Inferred, stages: dict[str, float], frames: list[FrameImage] | None = None
) -> Answered:
    """Return what is kept of a clip and its logits."""
    return Answered(inferred.logits.copy(), inferred.precision, clip_info(clip), stages, _way(clip), frames)


def prediction_of(served: Served, sha256: str, answered: Answered, coverage: float) -> PredictResponse:
    """Return the answer to an upload."""
    said = answer(served.manifest, answered.logits, coverage)
    usual = predict_response(served.release, answered.precision, said, answered.clip, sha256)
    return usual.model_copy(update={"frames": answered.frames})


def result_of(
    served: Served, whole: PredictResponse, segments: Sequence[Segment], windows: Windows, rule: Rule
) -> TimelineResult:
    """Return the answer to a video and its windows, but for the segments."""
    return timeline_result(whole, windows, rule, timeline(segments, served.manifest, rule))


def _way(clip: Clip) -> str:
    """Return how a clip was decoded, as the log and the metrics call it."""
    return "key-frames" if "key frames only" in clip.warnings else "planned" if clip.planned else "straight"
