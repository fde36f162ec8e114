"""Settings of the optimizer."""

from dataclasses import dataclass

from training.config.option import check_shares, option
from training.errors import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimizerConfig:
    """AdamW or SGD with warm-up and a cosine to zero, and an EMA of the weights."""

    algorithm: str = option("adamw", "adamw, or sgd with momentum")
    lr: float = option(3e-3, "peak learning rate")
    momentum: float = option(0.9, "SGD's momentum")
    warmup: float = option(0.03, "share of all steps in which the learning rate rises to its peak")
    weight_decay: float = option(0.05, "weight decay, on weights of convolutions and of the head")
    layer_decay: float = option(
        1.0, "factor on the learning rate of each stage of videoxception-c or -d against the one after it"
    )
    clip_norm: float = option(2.0, "largest norm of a step's gradient")
    label_smoothing: float = option(0.1, "share of each target spread over all classes")
    ema: float = option(0.995, "decay a step of the EMA of the weights, which is what is released; 0: the last weights")

    def __post_init__(self) -> None:
        if self.algorithm not in ("adamw", "sgd"):
            raise TrainingError(f"--algorithm must be adamw or sgd, but got {self.algorithm!r}")
        if not 0 <= self.ema < 1:
            raise TrainingError(f"--ema must be at least 0 and below 1, but got {self.ema}")
        check_shares(self, "warmup", "label_smoothing", "momentum", "layer_decay")
        if not self.lr > 0:
            raise TrainingError(f"--lr must be positive, but got {self.lr}")
