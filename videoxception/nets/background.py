"""What is served of a network that has learnt other classes beside those that it answers with: one logit for them all.

The classes' logits stay as they are, and the last one, the background, stands for all auxiliary classes together: the
softmax over both gives it the very share that the softmax over everything gives them.
"""

import torch
from torch import Tensor


def join_background(logits: Tensor, auxiliary: int) -> Tensor:
    """Logits (B, num_classes + auxiliary) -> (B, num_classes + 1), the background last; unchanged if it is 0."""
    if auxiliary == 0:
        return logits
    background = torch.logsumexp(logits[:, -auxiliary:], 1, keepdim=True)
    return torch.cat([logits[:, :-auxiliary], background], 1)
