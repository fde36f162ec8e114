"""The error that names the extra to install when a part of the project needs more than the base installation."""

from importlib.util import find_spec


class MissingExtra(ImportError):
    """A package is not installed; the message names the extra that has it."""

    def __init__(self, what: str, package: str | None, extra: str) -> None:
        super().__init__(f"{what} needs {package}: pip install 'videoxception[{extra}]'", name=package)


def require(what: str, package: str, extra: str) -> None:
    """Raise `MissingExtra` if `package`, one of those in the extra `extra`, is not installed."""
    if find_spec(package) is None:
        raise MissingExtra(what, package, extra)
