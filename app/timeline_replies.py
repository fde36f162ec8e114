"""What is said of a video's windows -> JSON: all at once, or line by line as it comes."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from app.access_log import RequestRecord
from app.problems import Problem, details_of, details_of_bug
from app.registry import Served
from app.replies import prediction_of, result_of
from app.timelines import Whole, Wish
from app.uploads import Upload
from app.waiting import within
from videoxception.api.problems import ProblemDetails
from videoxception.api.response import segment_answer, timeline_response
from videoxception.api.schemas import TimelineResponse, TimelineResult
from videoxception.timeline import Segment

LINES = "application/jsonl"
"""The media type of the answer that comes line by line."""

Stream = AsyncGenerator[Segment | Whole]


async def next_of(stream: Stream) -> Segment | Whole:
    """Return what comes next."""
    return await anext(stream)


class Look:
    """A request with a window: collects what is said, and makes the answer of it."""

    def __init__(self, served: Served, upload: Upload, wish: Wish, record: RequestRecord) -> None:
        self._served = served
        self._upload = upload
        self._wish = wish
        self._record = record
        self._segments: list[Segment] = []

    async def whole(self, stream: Stream) -> TimelineResponse:
        """Return the answer once the stream has ended."""
        async for said in stream:
            if isinstance(said, Whole):
                result = await self._result(said)
                return await asyncio.to_thread(timeline_response, result, self._segments)
            self._segments.append(said)
        raise AssertionError("a stream ends with the whole")

    async def lines(self, first: Segment | Whole, stream: Stream) -> AsyncGenerator[str]:
        """Yield a line for each segment as it comes, and one for the rest of the answer, or for what went wrong."""
        try:
            yield await self._line(first)
            async for said in stream:
                yield await self._line(said)
        except Problem as problem:
            self._record.reason = problem.kind
            yield _problem(details_of(problem))
        except Exception as error:
            self._record.reason = "bug"
            yield _problem(details_of_bug(error))

    async def _line(self, said: Segment | Whole) -> str:
        if isinstance(said, Whole):
            return _line("result", await self._result(said))
        self._segments.append(said)
        return _line("segment", segment_answer(said))

    async def _result(self, said: Whole) -> TimelineResult:
        """Return all but the segments, and note how it was done."""
        self._record.note(str(self._served.release), said.answered, "off")
        usual = prediction_of(self._served, self._upload.sha256, said.answered, self._wish.coverage)
        rule = self._wish.rule(said.windows)
        return await asyncio.to_thread(result_of, self._served, usual, self._segments, said.windows, rule)


def _problem(details: ProblemDetails) -> str:
    """Return the line of a problem: its own type has another name there."""
    said = details.model_dump()
    return json.dumps({"type": "problem", "problem": said.pop("type"), **said}) + "\n"


def _line(kind: str, said: BaseModel) -> str:
    return json.dumps({"type": kind, **said.model_dump()}) + "\n"


class Lines(StreamingResponse):
    """Lines of JSON, and what they need until the last of them is sent or the client has gone.

    Starlette's way to notice that would cancel again and again what has to be waited for at the end.
    """

    media_type = LINES

    def __init__(self, lines: AsyncGenerator[str], needed: AsyncExitStack, record: RequestRecord) -> None:
        super().__init__(lines)
        self._lines = lines
        self._needed = needed
        self._record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._needed, aclosing(self._lines):
            try:
                await within(Request(scope, receive), None, self.stream_response(send))
            except Problem as problem:  # the client has gone
                self._record.reason = problem.kind
