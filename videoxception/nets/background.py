"""The served logits of a network with auxiliary classes: one for each class, and one for all auxiliary classes.

The classes' logits are unchanged. The last logit, the background, is the log-sum-exp of the auxiliary ones: its softmax
probability is the sum of those that the auxiliary classes have in the softmax over all outputs.
"""

import torch
from torch import Tensor


def join_background(logits: Tensor, auxiliary: int) -> Tensor:
    """Join the auxiliary logits into one: (B, num_classes + auxiliary) -> (B, num_classes + 1), the background last.

    Without auxiliary classes, the logits are returned unchanged.
    """
    if auxiliary == 0:
        return logits
    background = torch.logsumexp(logits[:, -auxiliary:], 1, keepdim=True)
    return torch.cat([logits[:, :-auxiliary], background], 1)
