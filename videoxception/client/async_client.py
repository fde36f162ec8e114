"""The client for programs that do other work while they wait: of asyncio, or of Trio."""

from collections.abc import AsyncGenerator
from itertools import count
from typing import Any, Literal, Self

import anyio
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
from videoxception.client.upload import Upload, async_pieces, size_headers
from videoxception.video_source import Source


class AsyncClient:
    """What `Client` is, with `await`; connections are kept for the next call."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        timeout: float = 180.0,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Create a client with the arguments of `Client`."""
        options: dict[str, Any] = settings_of(url, api_key, timeout)
        self._http = httpx.AsyncClient(**options, transport=transport)
        self._retries = retries or Retries()

    async def predict(
        self, video: Source, *, model: str | None = None, coverage: float | None = None
    ) -> PredictResponse:
        """Return the answer for a video, as `Client.predict` does."""
        call = Call("POST", "/predict", {"model": model, "coverage": coverage}, Upload(video))
        return read(await self._ask(call), PredictResponse)

    async def timeline(
        self,
        video: Source,
        window: float | Literal["auto"] = "auto",
        step: float | None = None,
        *,
        smoothing: float | None = None,
        shortest: float | None = None,
        model: str | None = None,
        coverage: float | None = None,
    ) -> AsyncGenerator[SegmentAnswer | TimelineResult]:
        """Yield what `Client.timeline` does; close it (contextlib.aclosing) if it is left before its end."""
        told = {"smoothing": smoothing, "shortest": shortest, "model": model, "coverage": coverage}
        call = timeline_call(Upload(video), window=window, step=step, **told)
        response = await self._ask(call)
        try:
            if response.status_code != 200:
                await response.aread()
                raise error_of(response)
            async for line in response.aiter_lines():
                said = read_line(line)
                yield said
                if isinstance(said, TimelineResult):
                    return
            raise cut_off(self._http.base_url)
        except httpx.TransportError as error:
            raise unreachable(self._http.base_url, error) from error
        finally:
            await response.aclose()

    async def classes(self, model: str | None = None) -> ClassesResponse:
        """Return the classes of a model, in the order of its probabilities. Raise `ClientError`."""
        return read(await self._ask(Call("GET", "/classes", {"model": model})), ClassesResponse)

    async def models(self) -> ModelsResponse:
        """Return the models that can be asked. Raise `ClientError`."""
        return read(await self._ask(Call("GET", "/models")), ModelsResponse)

    async def ready(self) -> bool:
        """Return whether the service is there and answers videos; it is asked once. Raise other `ClientError`s."""
        try:
            return read(await self._ask(Call("GET", "/readyz"), NEVER), StatusResponse).status == "ready"
        except (Unreachable, Unavailable):
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _ask(self, call: Call, retries: Retries | None = None) -> httpx.Response:
        """Make a call as often as it takes. Raise `Unreachable`."""
        for tried in count(1):
            outcome = await self._try(call)
            pause = (retries or self._retries).pause(tried, outcome) if call.repeatable else None
            if pause is None:
                break
            if isinstance(outcome, httpx.Response):
                await outcome.aclose()
            await anyio.sleep(pause)
        if isinstance(outcome, httpx.TransportError):
            raise unreachable(self._http.base_url, outcome) from outcome
        return outcome

    async def _try(self, call: Call) -> httpx.Response | httpx.TransportError:
        try:
            if call.upload is None:
                return await self._send(call)
            with call.upload.open() as file:
                return await self._send(call, content=async_pieces(file), headers=size_headers(file))
        except httpx.TransportError as error:
            return error

    async def _send(self, call: Call, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        asked = {"Accept": call.accept, **(headers or {})}
        request = self._http.build_request(call.method, call.path, params=call.given, headers=asked, **body)
        return await self._http.send(request, stream=call.stream)
