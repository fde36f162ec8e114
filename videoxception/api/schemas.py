"""The JSON that the service answers with, and that `videoxception predict --json` prints."""

from enum import StrEnum

from pydantic import BaseModel, Field


class ModelRef(BaseModel):
    """Which model answered."""

    name: str
    version: int


class ModelId(ModelRef):
    """Which model answered, with the hash of its weights."""

    sha256: str = Field(description="of the weights")
    precision: str = Field(description="the number type that the answer was computed in: f32, bf16 or int8")


class ClipWarning(StrEnum):
    """What is to be known of a clip; `video N of M`, the Nth of M video streams was taken, is told in numbers."""

    SHORT = "short"
    KEY_FRAMES_ONLY = "key frames only"
    DAMAGED = "damaged"
    TRUNCATED = "truncated"
    ROTATED = "rotated"
    MIRRORED = "mirrored"
    HDR = "hdr"
    DOLBY_VISION = "dolby vision"
    VARIABLE_RATE = "variable rate"
    NO_TIMES = "no times"


class ClipInfo(BaseModel):
    """The clip that the model was shown."""

    duration: float | None = Field(description="seconds; null if the file does not tell")
    width: int
    height: int
    codec: str
    timestamps: list[float] = Field(description="seconds of each frame since the first one of the video")
    warnings: list[ClipWarning | str] = Field(description="`video N of M` stands with its numbers: video 2 of 3")


class FrameImage(BaseModel):
    """A frame of the clip, as the model was shown it, but in the video's proportions."""

    timestamp: float = Field(description="seconds since the first frame of the video")
    image: str = Field(description="a small JPEG, as a data URL")


class PredictResponse(BaseModel):
    """The answer to a video."""

    model: ModelId
    label: str
    confidence: float = Field(description="probability of the label")
    known: bool = Field(description="false: probably none of the classes")
    known_score: float = Field(description="from 0 to 1; `known` is false below the model's threshold")
    answer_set: list[str] | None = Field(
        description="the label, and other classes that it may be: the true one is among them for at least the share"
        " `coverage` of videos like those that it was fitted on; null if the model was released without thresholds"
    )
    probabilities: dict[str, float] = Field(description="of all classes, in order; they sum to 1")
    clip: ClipInfo
    sha256: str = Field(description="of the upload")
    frames: list[FrameImage] | None = Field(
        None, exclude_if=lambda frames: frames is None, description="those of the clip; only with `?frames=true`"
    )


class SegmentAnswer(BaseModel):
    """The answer to one window of a video, as if it had been cut out; seconds count from the first frame."""

    start: float
    end: float
    label: str
    confidence: float = Field(description="probability of the label")
    known: bool = Field(description="false: probably none of the classes")
    known_score: float
    answer_set: list[str] | None
    probabilities: dict[str, float]


class TimelineEntry(BaseModel, from_attributes=True):
    """What is to be seen from `start` to `end`."""

    start: float
    end: float
    label: str | None = Field(description="null: none of the classes, or no frame")
    confidence: float = Field(description="mean probability of the label, or 1 minus the mean known_score")


class WindowsUsed(BaseModel):
    """The windows that the video was looked at through, and the parameters of the timeline's rule; seconds."""

    window: float
    step: float
    smoothing: float
    shortest: float


class TimelineResult(PredictResponse):
    """The answer to a video, and what it shows when: the last of the lines, behind the segments."""

    windows: WindowsUsed
    timeline: list[TimelineEntry]


class TimelineResponse(TimelineResult):
    """The answer to a video and to its windows, and what it shows when."""

    segments: list[SegmentAnswer]


class ClassesResponse(BaseModel):
    """The classes of a model, in order."""

    model: ModelRef
    classes: list[str]


class Accuracy(BaseModel):
    """How often a model is right on data that its weights have not learnt from."""

    top1: float = Field(description="share of right labels")
    interval: list[float] = Field(
        min_length=2, max_length=2, description="95 %, low and high, from resampling whole source videos"
    )
    n: int
    source_videos: int
    protocol: str = Field(description="what was measured, in words")


class Cost(BaseModel):
    """What a model costs, whichever machine runs it; null: its release does not say."""

    parameters: int | None
    multiply_adds: int | None = Field(description="of one clip")
    weight_bytes: int | None = Field(description="on disk")
    frames: int = Field(description="of a clip")
    height: int
    width: int


class LoadedEngine(BaseModel):
    """One of the engines that answer for a loaded model."""

    device: str
    precision: str
    streams: int | None = Field(None, description="clips of a batch computed side by side; null: not on a CPU")
    chosen: str | None = Field(
        None, description="who chose the precision: asked, pinned or measured; null: not on a CPU"
    )
    cpu_ms: dict[str, float] = Field({}, description="CPU milliseconds of a clip, in each precision that was measured")


class ModelInfo(BaseModel):
    """A model that can be asked."""

    name: str
    version: int
    default: bool
    accuracy: Accuracy | None = Field(description="null: not measured")
    cost: Cost | None = Field(description="null: its model.json cannot be read")
    loaded: list[LoadedEngine] = Field(description="its engines; empty until a request names it")


class ModelsResponse(BaseModel):
    """All models that can be asked."""

    models: list[ModelInfo]


class StatusResponse(BaseModel):
    """Whether all is well."""

    status: str
