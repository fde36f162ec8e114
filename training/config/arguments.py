"""Arguments of an architecture, as the command line has them: "temporal=false,width=1.1"."""

from collections.abc import Mapping

from training.errors import TrainingError

Argument = int | float | str | bool


def parse_arguments(text: str) -> dict[str, Argument]:
    """Parse NAME=VALUE[,...]; a value is true, false, a number, or else text. Raises `TrainingError`."""
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    arguments = {name: _value(value) for name, _, value in pairs}
    if len(arguments) < len(pairs) or not all(name and value for name, _, value in pairs):
        raise TrainingError(
            f"--architecture-args must be NAME=VALUE[,...], each name once (temporal=false), but got {text!r}"
        )
    return arguments


def write_arguments(arguments: Mapping[str, Argument]) -> str:
    """Write arguments as `parse_arguments` reads them."""
    return ",".join(
        f"{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in arguments.items()
    )


def _value(text: str) -> Argument:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
