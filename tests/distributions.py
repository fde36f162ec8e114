"""What an installation brings, told from what is installed here."""

from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def distributions_for(project: str) -> set[str]:
    """A distribution without its extras, and all that it needs on this machine."""
    found: set[str] = set()
    left = [project]
    while left:
        wanted = left.pop()
        if wanted not in found:
            found.add(wanted)
            left += needed_by(Requirement(wanted))
    return {canonicalize_name(Requirement(wanted).name) for wanted in found}


def needed_by(wanted: Requirement) -> list[str]:
    needed = [Requirement(text) for text in requires(wanted.name) or []]
    return [str(one) for one in needed if any(holds(one, extra) for extra in ("", *wanted.extras))]


def holds(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})
