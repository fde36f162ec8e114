"""What is written of each video, and the header that pins what answered. Nothing here needs an extra."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from videoxception.api.schemas import (
    ClipInfo,
    ModelId,
    PredictResponse,
    SegmentAnswer,
    TimelineEntry,
    WindowsUsed,
)

FORM = 1


class Look(BaseModel):
    """The windows that each video is looked at through, as they are asked for."""

    model_config = ConfigDict(frozen=True)

    window: float | Literal["auto"]
    step: float | None = None
    smoothing: float | None = None
    shortest: float | None = None


class Header(BaseModel):
    """What every row of a shard has in common. Rows of different headers never share a folder."""

    model_config = ConfigDict(frozen=True)

    form: int = FORM
    videoxception: str
    model: ModelId
    device: str
    cpu: str | None = None  # its kind, as far as numbers depend on it; None: a GPU, or an older header
    coverage: float
    look: Look | None = None
    classes: list[str]

    def differences(self, other: "Header") -> list[str]:
        """Return what differs in another header, in words."""
        mine, others = (one._flat() for one in (self, other))
        if self.cpu is None or other.cpu is None:
            del mine["cpu"]
        return [f"{name} was {others[name]} and is {mine[name]} now" for name in mine if mine[name] != others[name]]

    def _flat(self) -> dict[str, Any]:
        look = self.look.model_dump() if self.look else dict.fromkeys(Look.model_fields)
        return self.model_dump(exclude={"model", "look"}) | self.model.model_dump() | look


class Failure(BaseModel):
    """Why a video has no answer: the service's kind of problem, or `unreadable`."""

    type: str
    detail: str


class Row(BaseModel):
    """A video, by its name in the source: the service's answer without the model, or the error."""

    video: str
    label: str | None = None
    confidence: float | None = None
    known: bool | None = None
    known_score: float | None = None
    answer_set: list[str] | None = None
    probabilities: dict[str, float] | None = None
    clip: ClipInfo | None = None
    sha256: str | None = None
    windows: WindowsUsed | None = None
    timeline: list[TimelineEntry] | None = None
    segments: list[SegmentAnswer] | None = None
    error: Failure | None = None

    @classmethod
    def of(cls, video: str, answer: PredictResponse) -> "Row":
        """Return the row of an answer."""
        return cls(video=video, **{name: value for name, value in answer if name in cls.model_fields})


def answer_columns(classes: Iterable[str]) -> list[str]:
    """Return the columns of a table of answers."""
    told = ["video", "label", "confidence", "known", "known_score", "answer_set"]
    clip = ["duration", "width", "height", "codec", "warnings"]
    return [*told, *(f"p_{name}" for name in classes), *clip, "sha256"]


def answer_cells(row: Row) -> dict[str, Any]:
    """Return a row of a table of answers, by column; lists are lists of text."""
    assert row.probabilities is not None
    assert row.clip is not None
    clip = row.clip.model_dump(include={"duration", "width", "height", "codec", "warnings"})
    told = row.model_dump(include={"video", "label", "confidence", "known", "known_score", "answer_set", "sha256"})
    return told | {f"p_{name}": share for name, share in row.probabilities.items()} | clip


FAILURE_COLUMNS = ["video", "type", "detail"]


def failure_cells(row: Row) -> dict[str, Any]:
    """Return a row of a table of errors, by column."""
    assert row.error is not None
    return {"video": row.video, "type": row.error.type, "detail": row.error.detail}


TIMELINE_COLUMNS = ["video", "start", "end", "label", "confidence"]


def timeline_cells(row: Row) -> Iterator[dict[str, Any]]:
    """Yield a video's rows of a table of timelines, by column."""
    for entry in row.timeline or ():
        yield {"video": row.video, **entry.model_dump()}


def segment_columns(classes: Iterable[str]) -> list[str]:
    """Return the columns of a table of windows."""
    told = ["video", "start", "end", "label", "confidence", "known", "known_score", "answer_set"]
    return [*told, *(f"p_{name}" for name in classes)]


def segment_cells(row: Row) -> Iterator[dict[str, Any]]:
    """Yield a video's rows of a table of windows, by column."""
    for segment in row.segments or ():
        shares = {f"p_{name}": share for name, share in segment.probabilities.items()}
        yield {"video": row.video, **segment.model_dump(exclude={"probabilities"}), **shares}
