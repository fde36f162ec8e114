"""Batches on a GPU: recorded graphs, one for each of a few batch sizes, and copies beside computing."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from videoxception.clip import Frames
from videoxception.engine.base import Logits, check_frames
from videoxception.engine.cuda_card import Card

_PIECE = 64  # clips; larger batches are split, so that copying one piece overlaps computing another

Run = Callable[[Tensor, Tensor], None]
"""Writes logits f32 (B, outputs) of clips uint8 (B, F, H, W, 3); both lie on the card and stay where they are."""


@dataclass(slots=True)
class _Slot:
    """The buffers of one piece of a batch. There are two: one is filled while the other is computed."""

    host: Tensor  # uint8 (capacity, F, H, W, 3), pinned
    frames: Tensor  # the same on the device
    logits: Tensor  # f32 (capacity, outputs) on the device
    answers: Tensor  # the same, pinned
    copied: torch.cuda.Event
    done: torch.cuda.Event
    replay: dict[int, Callable[[], None]] = field(default_factory=dict)  # by bucket


class GraphRunner:
    """A network as CUDA graphs, one for each bucket: a batch size with a graph.

    A batch runs in the next larger bucket, whose remaining rows are ignored. Bytes are copied on a stream of their own,
    from pinned memory, while the piece before them is computed. Safe to use from several threads.
    """

    def __init__(
        self, run: Run, shape: tuple[int, int, int, int], outputs: int, buckets: Sequence[int], card: Card
    ) -> None:
        """Allocate buffers and record `run` for clips of `shape` (F, H, W, 3) in each of the ascending `buckets`."""
        self.buckets = list(buckets)
        self._run, self._shape, self._outputs, self._card = run, shape, outputs, card
        self._lock = threading.Lock()
        with card.in_use():
            self._compute, self._copies = card.stream(), card.stream()
            self._slots = [self._make_slot() for _ in range(2)]

    def predict(self, frames: Frames) -> Logits:
        """Compute logits float32 (B, outputs) from clips uint8 (B, F, H, W, 3). Raises `ValueError` for others."""
        check_frames(frames, self._shape)
        logits = np.empty((len(frames), self._outputs), np.float32)
        under_way: deque[tuple[_Slot, slice]] = deque()
        with self._lock, self._card.in_use():
            for number, piece in enumerate(pieces(len(frames), self.buckets)):
                if len(under_way) == len(self._slots):
                    _finish(*under_way.popleft(), logits)
                slot = self._slots[number % len(self._slots)]
                self._start(slot, frames[piece])
                under_way.append((slot, piece))
            for slot, piece in under_way:
                _finish(slot, piece, logits)
        return logits

    def rerun(self, count: int) -> None:
        """Start the network on the `count` clips that were copied last: benchmarks time it without copies."""
        with self._card.in_use(), self._card.on(self._compute):
            for piece in pieces(count, self.buckets):
                self._slots[0].replay[bucket(piece.stop - piece.start, self.buckets)]()

    def _start(self, slot: _Slot, clips: Frames) -> None:
        """Start copying and computing a piece, in a slot that no other piece is using."""
        count = len(clips)
        slot.host[:count].numpy()[:] = clips
        with self._card.on(self._copies):
            slot.frames[:count].copy_(slot.host[:count], non_blocking=True)
            slot.copied.record()
        with self._card.on(self._compute):
            self._compute.wait_event(slot.copied)
            slot.replay[bucket(count, self.buckets)]()
            slot.answers[:count].copy_(slot.logits[:count], non_blocking=True)
            slot.done.record()

    def _make_slot(self) -> _Slot:
        card, capacity = self._card, self.buckets[-1]
        size, outputs = (capacity, *self._shape), (capacity, self._outputs)
        slot = _Slot(
            host=card.pinned(size, torch.uint8),
            frames=torch.randint(0, 256, size, dtype=torch.uint8, device=card.device),  # noise takes as long as clips
            logits=torch.zeros(outputs, device=card.device),
            answers=card.pinned(outputs, torch.float32),
            copied=card.event(),
            done=card.event(),
        )
        for count in self.buckets:
            slot.replay[count] = self._record(slot.frames[:count], slot.logits[:count])
        return slot

    def _record(self, frames: Tensor, logits: Tensor) -> Callable[[], None]:
        return self._card.record(lambda: self._run(frames, logits), self._compute)


def _finish(slot: _Slot, piece: slice, logits: Logits) -> None:
    slot.done.synchronize()
    logits[piece] = slot.answers[: piece.stop - piece.start].numpy()


def pieces(count: int, buckets: list[int]) -> list[slice]:
    """Split a batch of `count` clips: up to 64 clips stay together, more become at least four pieces.

    No piece is larger than the largest bucket.
    """
    size = min(buckets[-1], max(_PIECE, bucket(count // 4, buckets)))
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def bucket(count: int, buckets: list[int]) -> int:
    """Return the smallest bucket that holds `count` clips, or else the largest bucket."""
    return next((size for size in buckets if size >= count), buckets[-1])
