"""Sets that grow together: which things are one, when it is known of pairs."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing", bound=Hashable)


class DisjointSets(Generic[Thing]):
    """Things, each in one set; at first alone.

    Source: Galler and Fischer, An improved equivalence algorithm, Communications of the ACM 7(5), 1964.
    """

    def __init__(self) -> None:
        self._above: dict[Thing, Thing] = {}

    def find(self, thing: Thing) -> Thing:
        """Return the one that stands for all things in a set."""
        while (above := self._above.get(thing, thing)) != thing:
            self._above[thing] = self._above.get(above, above)
            thing = above
        return thing

    def join(self, one: Thing, other: Thing) -> None:
        """Make the sets of two things one."""
        self._above[self.find(one)] = self.find(other)
