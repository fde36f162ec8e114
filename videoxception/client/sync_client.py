"""The client that waits for each answer."""

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from typing import Any, Literal, Self

import httpx

from videoxception.api.schemas import (
    ClassesResponse,
    ModelsResponse,
    PredictResponse,
    SegmentAnswer,
    StatusResponse,
    TimelineResult,
)
from videoxception.client.calls import (
    DEFAULT_URL,
    Call,
    cut_off,
    read,
    read_line,
    settings_of,
    timeline_call,
    unreachable,
)
from videoxception.client.errors import Unavailable, Unreachable, error_of
from videoxception.client.retries import NEVER, Retries
from videoxception.client.upload import Upload, pieces, size_headers
from videoxception.video_source import Source


class Client:
    """A running service. Safe to use from several threads; connections are kept for the next call."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        timeout: float = 180.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Create a client; nothing is sent yet.

        Args:
            url: Of the service, with the path under which a proxy has put it, if one has.
            api_key: That the service asks for.
            timeout: Seconds to wait for the service while it says nothing.
            retries: When to try again; by default 5 times in all.
            transport: Of httpx, in place of the network.
        """
        options: dict[str, Any] = settings_of(url, api_key, timeout)
        self._http = httpx.Client(**options, transport=transport)
        self._retries = retries or Retries()

    def predict(self, video: Source, *, model: str | None = None, coverage: float | None = None) -> PredictResponse:
        """Return the answer for a video.

        Args:
            video: A path, bytes, or a file object in binary mode, which is read from where it stands.
            model: "name@version", "name", or None for the service's default.
            coverage: Share of videos whose answer set is to have the true class; by default the service's.

        Raises:
            ClientError: There is no answer: videoxception.client.errors tells which.
            OSError: The file cannot be read.
        """
        call = Call("POST", "/predict", {"model": model, "coverage": coverage}, Upload(video))
        return read(self._ask(call), PredictResponse)

    def timeline(
        self,
        video: Source,
        window: float | Literal["auto"] = "auto",
        step: float | None = None,
        *,
        smoothing: float | None = None,
        shortest: float | None = None,
        model: str | None = None,
        coverage: float | None = None,
    ) -> Iterator[SegmentAnswer | TimelineResult]:
        """Yield what a long video shows, window by window as it is found out, and at last the whole with its timeline.

        Args:
            video: A path, bytes, or a file object in binary mode, which is read from where it stands.
            window: Length of a window in seconds; "auto" chooses by the video's length.
            step: Seconds from one window to the next; by default, half a window.
            smoothing: Seconds over which windows are averaged; by default, half a window.
            shortest: Seconds of the shortest stretch of the timeline; by default, half a window.
            model: "name@version", "name", or None for the service's default.
            coverage: Share of videos whose answer set is to have the true class; by default the service's.

        Raises:
            ClientError: There is no answer, or no more of it.
            OSError: The file cannot be read.
        """
        told = {"smoothing": smoothing, "shortest": shortest, "model": model, "coverage": coverage}
        call = timeline_call(Upload(video), window=window, step=step, **told)
        with closing(self._ask(call)) as response:
            if response.status_code != 200:
                response.read()
                raise error_of(response)
            try:
                for line in response.iter_lines():
                    said = read_line(line)
                    yield said
                    if isinstance(said, TimelineResult):
                        return
            except httpx.TransportError as error:
                raise unreachable(self._http.base_url, error) from error
            raise cut_off(self._http.base_url)

    def classes(self, model: str | None = None) -> ClassesResponse:
        """Return the classes of a model, in the order of its probabilities. Raise `ClientError`."""
        return read(self._ask(Call("GET", "/classes", {"model": model})), ClassesResponse)

    def models(self) -> ModelsResponse:
        """Return the models that can be asked. Raise `ClientError`."""
        return read(self._ask(Call("GET", "/models")), ModelsResponse)

    def ready(self) -> bool:
        """Return whether the service is there and answers videos; it is asked once. Raise other `ClientError`s."""
        try:
            return read(self._ask(Call("GET", "/readyz"), NEVER), StatusResponse).status == "ready"
        except (Unreachable, Unavailable):
            return False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _ask(self, call: Call, retries: Retries | None = None) -> httpx.Response:
        """Make a call as often as it takes. Raise `Unreachable`."""
        for tried in count(1):
            outcome = self._try(call)
            pause = (retries or self._retries).pause(tried, outcome) if call.repeatable else None
            if pause is None:
                break
            if isinstance(outcome, httpx.Response):
                outcome.close()
            time.sleep(pause)
        if isinstance(outcome, httpx.TransportError):
            raise unreachable(self._http.base_url, outcome) from outcome
        return outcome

    def _try(self, call: Call) -> httpx.Response | httpx.TransportError:
        try:
            if call.upload is None:
                return self._send(call)
            with call.upload.open() as file:
                return self._send(call, content=pieces(file), headers=size_headers(file))
        except httpx.TransportError as error:
            return error

    def _send(self, call: Call, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        asked = {"Accept": call.accept, **(headers or {})}
        request = self._http.build_request(call.method, call.path, params=call.given, headers=asked, **body)
        return self._http.send(request, stream=call.stream)
