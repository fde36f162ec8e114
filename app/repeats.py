"""Uploads that come again: answered from memory, or together with the same one that is being worked on."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, T]]
How = Literal["hit", "shared", "miss", "off"]
"""Known from before; worked out with others who asked at the same time; worked out; nothing is kept or shared."""


class _Flight(Generic[T]):
    """Work that is under way, in a task of its own, and how many wait for it."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self.task = asyncio.create_task(work)
        self.waiting = 0


class Repeats(Generic[T]):
    """Remembers the `most` answers that were asked for last, and does work that several ask for once.

    Errors are shared by those who wait for the same work, and never kept: some come of a busy moment. With `most` 0,
    each piece of work is done by itself.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, T] = OrderedDict()
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def get(self, key: Hashable, work: Work[T]) -> tuple[T, How]:
        """What `work` gives, or gave for the same key, and which of the two. Raises what it raises.

        The work is cancelled when the last one who waits for it is.
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
        if self._flights.get(key) is flight:  # a later one may have taken its place
            del self._flights[key]
        flight.task.cancel()  # which does nothing if it is done
        await asyncio.gather(flight.task, return_exceptions=True)
