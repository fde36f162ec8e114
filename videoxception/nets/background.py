"""What is served of a network that has learnt other classes beside those that it answers with: one logit for them all.

The classes' logits stay as they are, and the last one, the background, stands for all others together: the softmax over
both gives it the very share that the softmax over everything gives the others.
"""

import torch
from torch import Tensor


def join_others(logits: Tensor, others: int) -> Tensor:
    """Logits (B, num_classes + others) -> (B, num_classes + 1), the background last; as they are without others."""
    if others == 0:
        return logits
    background = torch.logsumexp(logits[:, -others:], 1, keepdim=True)
    return torch.cat([logits[:, :-others], background], 1)
