"""Errors of the service as RFC 9457 problem details: which there are, and the form that each has."""

from enum import StrEnum

from pydantic import BaseModel, Field

PREFIX = "urn:videoxception:problem:"
MEDIA_TYPE = "application/problem+json"
OTHER = "about:blank"

# Every kind of problem, its status and its title. Its type is PREFIX + kind.
PROBLEMS: dict[str, tuple[int, str]] = {
    "malformed": (400, "The request is malformed"),
    "no-file": (400, "The request holds no file"),
    "unauthorized": (401, "The API key is missing or wrong"),
    "unknown-model": (404, "There is no such model"),
    "slow-upload": (408, "The upload took too long"),
    "too-large": (413, "The upload is too large"),
    "not-a-video": (415, "The upload is not a video of a kind that is taken"),
    "encoded": (415, "The upload is encoded in a way that is not taken"),
    "no-frames": (422, "The video holds no frames"),
    "undecodable": (422, "The video cannot be decoded"),
    "too-many-pixels": (422, "The video's frames are too large"),
    "too-long": (422, "The video is too long"),
    "too-many-windows": (422, "The video has too many windows"),
    "overloaded": (503, "The service is busy"),
    "not-ready": (503, "The service is not ready"),
    "deadline": (504, "The answer took too long"),
}


class ProblemType(StrEnum):
    """The types of problems; `about:blank` for an unknown route, a wrong method, or a bug of the service."""

    MALFORMED = PREFIX + "malformed"
    NO_FILE = PREFIX + "no-file"
    UNAUTHORIZED = PREFIX + "unauthorized"
    UNKNOWN_MODEL = PREFIX + "unknown-model"
    SLOW_UPLOAD = PREFIX + "slow-upload"
    TOO_LARGE = PREFIX + "too-large"
    NOT_A_VIDEO = PREFIX + "not-a-video"
    ENCODED = PREFIX + "encoded"
    NO_FRAMES = PREFIX + "no-frames"
    UNDECODABLE = PREFIX + "undecodable"
    TOO_MANY_PIXELS = PREFIX + "too-many-pixels"
    TOO_LONG = PREFIX + "too-long"
    TOO_MANY_WINDOWS = PREFIX + "too-many-windows"
    OVERLOADED = PREFIX + "overloaded"
    NOT_READY = PREFIX + "not-ready"
    DEADLINE = PREFIX + "deadline"
    OTHER = OTHER


class ProblemDetails(BaseModel):
    """The body of an error."""

    type: ProblemType | str = Field(description="what programs can rely on; types may be added")
    title: str
    status: int
    detail: str = Field(description="a sentence with the remedy")
