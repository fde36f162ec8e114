"""What a new version may cost, at most, to be promoted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Shares are from 0 to 1. A slowdown is how many times as long the new version takes.

    Raises:
        ValueError: one of them means nothing.
    """

    agreement: float = 0.95
    known_drop: float = 0.02
    slowdown: float = 1.2
    top1_drop: float = 0.02

    def __post_init__(self) -> None:
        for name, least, value, most in (
            ("--min-agreement", 0.0, self.agreement, 1.0),
            ("--max-known-drop", 0.0, self.known_drop, 1.0),
            ("--max-slowdown", 0.1, self.slowdown, 1000.0),
            ("--max-top1-drop", 0.001, self.top1_drop, 1.0),
        ):
            if not least <= value <= most:
                raise ValueError(f"{name} must be from {least:g} to {most:g}, but got {value:g}")
