"""The nearest of the names that there are, for the error of one that there is not."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a question like " (did you mean 'model'?)", or nothing if no known name is near."""
    near = get_close_matches(name, list(known), 1, cutoff=0.7)
    return f" (did you mean {near[0]!r}?)" if near else ""
