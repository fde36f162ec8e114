"""Work that ends with its request: when the client goes away, or the time is up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from app.problems import Problem

T = TypeVar("T")


async def within(request: Request, seconds: float | None, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` gives; cancel it if the deadline passes or the client goes away first."""
    task, gone = asyncio.create_task(work), asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait([task, gone], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if gone.done():
            raise Problem("malformed", "the client closed the connection")
        raise Problem(
            "deadline", f"the answer was not there after {seconds:g} s; the service is busy or the video long"
        )
    finally:
        for unfinished in (task, gone):
            unfinished.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    """Return when the client has closed the connection. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
