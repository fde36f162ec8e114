"""Rows of the table, as a section's process sends them."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, or the reason why there is none (`value` is None then)."""

    section: str
    what: str
    value: float | None
    unit: str = ""
    note: str = ""

    def to_json(self) -> str:
        """Return the row as a line of JSON."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Row":
        """Parse the row that `to_json` wrote."""
        return cls(**json.loads(line))


def attempt(section: str, what: str, measure: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    """Yield the rows of a measurement; if it fails, those before the failure and one that says why."""
    try:
        yield from measure()
    except Exception as error:  # whatever it is, the other measurements go on
        yield failed(section, what, f"{type(error).__name__}: {error}")


def failed(section: str, what: str, reason: str) -> Row:
    """Return a row without a figure."""
    return Row(section, what, None, note=" ".join(reason.split())[:160])
