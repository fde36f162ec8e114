"""The exponential moving average (EMA) of the weights, which is what is released."""

import torch

from training.model.train_state import TrainState


@torch.no_grad()
def update_ema(state: TrainState, decay: float) -> None:
    """Move the EMA after a step. In the first steps it follows closely, so that it forgets the initial weights."""
    decay = min(decay, state.step / (10 + state.step))
    for mean, value in zip(state.average.state_dict().values(), state.net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)  # counts of batches
