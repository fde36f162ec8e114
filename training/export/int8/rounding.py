"""Weights of a product rounded so that what it gives changes least, not so that each weight does.

GPTQ, https://arxiv.org/abs/2210.17323: input channels are rounded one after the other, those with the most energy
first, and the channels that are still to come are moved to make up for the error.
"""

import numpy as np

from training.export.int8.weights import Array

_DAMPING = 0.01  # as a share of the mean energy, so that channels that hardly occur are not moved far
_LARGEST = 127


def round_weights(weights: Array, step: Array, gram: Array) -> Array:
    """Round weights (D, C) to (D, C) of whole multiples of each row's step (D,).

    `gram` (C, C) is the mean product of any two input channels.
    """
    order = np.argsort(-np.diag(gram))
    damped = gram[np.ix_(order, order)] + _DAMPING * np.diag(gram).mean() * np.eye(len(gram))
    factor = np.linalg.cholesky(np.linalg.inv(damped)).T
    left, rounded = weights[:, order].copy(), np.empty_like(weights)
    for j in range(weights.shape[1]):
        rounded[:, j] = step * np.clip(np.rint(left[:, j] / step), -_LARGEST, _LARGEST)
        left[:, j:] -= np.outer((left[:, j] - rounded[:, j]) / factor[j, j], factor[j, j:])
    result = np.empty_like(weights)
    result[:, order] = rounded
    return result
