"""How the width of an architecture, a share of its channels, makes it narrower."""


def scaled(channels: int, width: float) -> int:
    """Return that share of the channels, at least 1; 0, of a branch that is not there, stays 0."""
    return max(1, round(channels * width)) if channels else 0
