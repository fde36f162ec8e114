"""The learning rate over a run: linear warm-up, then a cosine to zero."""

import math

from training.config.optimizer import OptimizerConfig


def learning_rate(done: float, config: OptimizerConfig) -> float:
    """Return the learning rate at a share `done` (0 to 1) of all epochs: linear warm-up, then a cosine to zero."""
    if done < config.warmup:
        return config.lr * max(done / config.warmup, 0.01)
    return config.lr * 0.5 * (1 + math.cos(math.pi * (done - config.warmup) / (1 - config.warmup)))
