"""BentoML with adaptive batching: bentoml serve benchmarks.service.peers.bento:Usual (or :Ours)"""

from pathlib import Path

import bentoml
import numpy as np

from benchmarks.service.peers import parts

_batched = bentoml.api(route="/predict", batchable=True, max_batch_size=8, max_latency_ms=60_000)


@bentoml.service
class Usual:
    """PyAV and eager PyTorch."""

    def __init__(self) -> None:
        self.parts = parts.usual()

    @_batched
    def predict(self, file: list[Path]) -> list[parts.Said]:
        """Return the answers of a batch of uploads."""
        return self.parts.answers(np.stack([self.parts.clip_at(path) for path in file]))


@bentoml.service
class Ours:
    """This project's decoding and engine."""

    def __init__(self) -> None:
        self.parts = parts.ours()

    @_batched
    def predict(self, file: list[Path]) -> list[parts.Said]:
        """Return the answers of a batch of uploads."""
        return self.parts.answers(np.stack([self.parts.clip_at(path) for path in file]))
