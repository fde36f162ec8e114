"""What a run says of each of its epochs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What is said of an epoch. `validation` is the running average's top-1 on clips of the stage's size, or None.

    `waited` is the share of the time that was spent waiting for pixels.
    """

    epoch: int
    loss: float
    lr: float
    seconds: float
    waited: float
    validation: float | None
