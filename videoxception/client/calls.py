"""What is asked of the service, and how its answers are read: the same for both clients, which only send and wait."""

import json
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from videoxception.api.problems import OTHER, ProblemDetails
from videoxception.api.schemas import SegmentAnswer, TimelineResult
from videoxception.client.errors import ClientError, Unreachable, error_of, error_of_problem
from videoxception.client.upload import Upload

Form = TypeVar("Form", bound=BaseModel)

DEFAULT_URL = "http://127.0.0.1:8000"
LINES = "application/jsonl"


@dataclass(frozen=True, slots=True)
class Call:
    """A request: its parameters without those that are None, and the video that it brings, if any."""

    method: str
    path: str
    parameters: dict[str, str | float | None] = field(default_factory=dict)
    upload: Upload | None = None
    accept: str = "application/json"
    stream: bool = False  # whether the answer is read as it comes

    @property
    def given(self) -> dict[str, str]:
        """The parameters that are sent."""
        return {name: str(value) for name, value in self.parameters.items() if value is not None}

    @property
    def repeatable(self) -> bool:
        """Whether it can be made again."""
        return self.upload is None or self.upload.repeatable


def settings_of(url: str, api_key: str | None, timeout: float) -> dict[str, object]:
    """Return what both clients of httpx are made with. `timeout` is for an answer; a connection takes 10 s at most."""
    headers = {"User-Agent": f"videoxception/{version('videoxception')}"}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    return {"base_url": url, "headers": headers, "timeout": httpx.Timeout(timeout, connect=10.0)}


def read(response: httpx.Response, form: type[Form]) -> Form:
    """Return the answer in a response whose body was read. Raise `ClientError`."""
    if response.status_code != 200:
        raise error_of(response)
    try:
        return form.model_validate_json(response.content)
    except ValidationError as error:
        raise ClientError(f"{response.request.url} is no VideoXception service: its answer has another form") from error


def timeline_call(upload: Upload, **parameters: str | float | None) -> Call:
    """Return the request for a timeline, line by line."""
    return Call("POST", "/predict", parameters, upload, accept=LINES, stream=True)


def read_line(line: str) -> SegmentAnswer | TimelineResult:
    """Return what a line of a timeline says. Raise `ProblemError` for a problem, which ends it."""
    said = json.loads(line)
    match said.pop("type"):
        case "segment":
            return SegmentAnswer.model_validate(said)
        case "result":
            return TimelineResult.model_validate(said)
        case _:
            raise error_of_problem(ProblemDetails.model_validate(said | {"type": said.pop("problem", OTHER)}))


def cut_off(url: object) -> Unreachable:
    """Return the error for a timeline without its last line."""
    return Unreachable(f"{url} ended the answer before its last line; ask again")


def unreachable(url: object, error: httpx.TransportError) -> Unreachable:
    """Return the error for a call that got no answer."""
    why = str(error) or type(error).__name__
    return Unreachable(f"no answer from {url}: {why}; is the service there? scripts/serve starts one")
