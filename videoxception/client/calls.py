"""What is asked of the service, and how its answers are read: the same for both clients, which only send and wait."""

from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from videoxception.client.errors import ClientError, Unreachable, error_of
from videoxception.client.upload import Upload

Form = TypeVar("Form", bound=BaseModel)

DEFAULT_URL = "http://127.0.0.1:8000"


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


def unreachable(url: object, error: httpx.TransportError) -> Unreachable:
    """Return the error for a call that got no answer."""
    why = str(error) or type(error).__name__
    return Unreachable(f"no answer from {url}: {why}; is the service there? scripts/serve starts one")
