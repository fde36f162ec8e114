"""A cache of answers by upload: one that comes again is answered from memory, or by work already under way for it."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, T]]
CacheUse = Literal["hit", "shared", "miss", "off"]
"""hit: known from before; shared: worked out for several at the same time; miss: worked out; off: there is no cache."""


class _Flight(Generic[T]):
    """Work that is under way, in a task of its own, and how many callers wait for it."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self.task = asyncio.create_task(work)
        self.waiting = 0


class ResultCache(Generic[T]):
    """Keeps the `most` answers that were asked for last, and does work once that several callers ask for.

    Errors are shared by the callers that wait for the same work, and never kept: some come of a busy moment. With
    `most` 0, each piece of work is done by itself.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, T] = OrderedDict()
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def get(self, key: Hashable, work: Work[T]) -> tuple[T, CacheUse]:
        """Return what `work` gives, or gave for the same key, and how the cache was used. Raise what the work raises.

        The work is cancelled when the last caller that waits for it is.
        """
        if not self._most:
            return await work(), "off"
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key], "hit"
        flight = self._flights.get(key)
        if flight is not None and not flight.task.done():
            return await self._join(key, flight), "shared"
        flight = self._flights[key] = _Flight(self._work_out(key, work))
        return await self._join(key, flight), "miss"

    async def _work_out(self, key: Hashable, work: Work[T]) -> T:
        answer = await work()
        self._known[key] = answer
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return answer

    async def _join(self, key: Hashable, flight: _Flight[T]) -> T:
        flight.waiting += 1
        try:
            await asyncio.wait([flight.task])
            return flight.task.result()
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                await self._end(key, flight)

    async def _end(self, key: Hashable, flight: _Flight[T]) -> None:
        """Discard a flight without callers, and cancel its work if it is still running."""
        if self._flights.get(key) is flight:  # a later one may have taken its place
            del self._flights[key]
        flight.task.cancel()  # which does nothing if it is done
        await asyncio.gather(flight.task, return_exceptions=True)
