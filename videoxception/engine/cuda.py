"""Released models on NVIDIA GPUs, by fused Triton kernels."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from videoxception.clip import Frames
from videoxception.engine.base import EngineError, FloatPrecision, Logits, Unsuitable, check_frames
from videoxception.engine.kernels.network import FusedNetwork, bytes_a_clip, check_supported
from videoxception.nets.fused_norms import FusedVideoXception, fuse_norms
from videoxception.nets.served import load_served
from videoxception.store import Release

BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Sizes of batches that are ready to run; others are filled up with whatever lies there."""

_PIECE = 64  # clips; up to so many are one piece, more are cut so that copying one piece overlaps computing another
_DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
_CAPABILITY = (8, 0)  # the first with bf16
_MEMORY = 0.5  # share of the card's free memory that may be taken


@dataclass(slots=True)
class _Slot:
    """What a piece of a batch needs while it is under way; two, so that one is filled while one is worked on."""

    host: Tensor  # uint8 (capacity, F, H, W, 3), pinned
    frames: Tensor  # the same on the device
    logits: Tensor  # f32 (capacity, K or K + 1) on the device
    answers: Tensor  # the same, pinned
    copied: torch.cuda.Event = field(default_factory=torch.cuda.Event)
    done: torch.cuda.Event = field(default_factory=torch.cuda.Event)
    run: dict[int, Callable[[], None]] = field(default_factory=dict)  # by bucket


class CudaEngine:
    """A VideoXception with fused batch norms as CUDA graphs, one for each size of batch.

    Bytes are copied on a stream of their own, from pinned memory, while the piece before them is computed. No number is
    summed in an order that depends on the batch, so that an answer does not depend on its neighbours.
    """

    def __init__(
        self,
        net: nn.Module,
        shape: tuple[int, int, int, int],
        device: str = "cuda",
        precision: Literal["auto"] | FloatPrecision = "auto",
    ) -> None:
        """Of a network by `fuse_norms`, for clips of `shape` (F, H, W, 3).

        Raises `EngineError` if the device cannot be used at all, `Unsuitable` if it can, but not by this engine.
        """
        self.device = device
        self.precision: FloatPrecision = "bf16" if precision == "auto" else precision
        self._device = _usable(device)
        self._shape = shape
        self._lock = threading.Lock()
        fused, dtype = _supported(net, shape), _DTYPES[self.precision]
        with torch.cuda.device(self._device), torch.inference_mode():
            capacity = _capacity(bytes_a_clip(fused, shape, dtype) + 2 * int(np.prod(shape)), self._device)
            self.buckets = [size for size in BUCKETS if size <= capacity]
            network = FusedNetwork(fused, shape, capacity, dtype, self._device)
            self._compute = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
            self._copies = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
            self._slots = [self._make_slot(network) for _ in range(2)]

    @classmethod
    def load(
        cls, release: Release, device: str = "cuda", precision: Literal["auto"] | FloatPrecision = "auto"
    ) -> "CudaEngine":
        """The engine of a released model."""
        spec = release.manifest.clip
        return cls(fuse_norms(load_served(release), spec), spec.shape, device, precision)

    def predict(self, frames: Frames) -> Logits:
        """Clips uint8 (B, F, H, W, 3) -> logits float32 (B, K or K + 1)."""
        check_frames(frames, self._shape)
        logits = np.empty((len(frames), self._slots[0].answers.shape[1]), np.float32)
        under_way: deque[tuple[_Slot, slice]] = deque()
        with self._lock, torch.cuda.device(self._device), torch.inference_mode():
            for number, piece in enumerate(pieces(len(frames), self.buckets)):
                if len(under_way) == len(self._slots):
                    _finish(*under_way.popleft(), logits)
                slot = self._slots[number % len(self._slots)]
                self._start(slot, torch.from_numpy(frames[piece]))
                under_way.append((slot, piece))
            for slot, piece in under_way:
                _finish(slot, piece, logits)
        return logits

    def rerun(self, count: int) -> None:
        """Sets the network going on the `count` clips that were last copied: what is timed to leave copies out."""
        with torch.cuda.device(self._device), torch.cuda.stream(self._compute):
            self._slots[0].run[bucket(count, self.buckets)]()

    def _start(self, slot: _Slot, clips: Tensor) -> None:
        """Sets a piece going. Its slot is free: nothing reads or writes it."""
        count = len(clips)
        slot.host[:count].copy_(clips)
        with torch.cuda.stream(self._copies):
            slot.frames[:count].copy_(slot.host[:count], non_blocking=True)
            slot.copied.record()
        with torch.cuda.stream(self._compute):
            self._compute.wait_event(slot.copied)
            slot.run[bucket(count, self.buckets)]()
            slot.answers[:count].copy_(slot.logits[:count], non_blocking=True)
            slot.done.record()

    def _make_slot(self, fused: FusedNetwork) -> _Slot:
        size = (fused.capacity, *self._shape)
        slot = _Slot(
            host=_pinned(size, torch.uint8),
            frames=torch.randint(0, 256, size, dtype=torch.uint8, device=self._device),  # noise times as clips do
            logits=torch.zeros((fused.capacity, fused.outputs), device=self._device),
            answers=_pinned((fused.capacity, fused.outputs), torch.float32),
        )
        for count in self.buckets:
            frames, logits = slot.frames[:count], slot.logits[:count]
            slot.run[count] = _record(fused, frames, logits, self._compute)
        return slot


def _finish(slot: _Slot, piece: slice, logits: Logits) -> None:
    slot.done.synchronize()
    logits[piece] = slot.answers[: piece.stop - piece.start].numpy()


def pieces(count: int, buckets: list[int]) -> list[slice]:
    """A batch, cut: up to 64 clips stay together, more become four pieces or more."""
    size = min(buckets[-1], max(_PIECE, bucket(count // 4, buckets)))
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def bucket(count: int, buckets: list[int]) -> int:
    """The smallest bucket that holds so many clips, or the largest there is."""
    return next((size for size in buckets if size >= count), buckets[-1])


def _record(fused: FusedNetwork, frames: Tensor, logits: Tensor, stream: torch.cuda.Stream) -> Callable[[], None]:
    """The network on these tensors as a graph; what is returned sets it going on the current stream."""
    graph = torch.cuda.CUDAGraph()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        _build(fused, frames, logits)
    stream.synchronize()
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        fused.run(frames, logits)
    return graph.replay


def _build(fused: FusedNetwork, frames: Tensor, logits: Tensor) -> None:
    """Runs once, which compiles the kernels. Raises `Unsuitable` if they cannot be compiled."""
    try:
        fused.run(frames, logits)
    except Exception as error:  # Triton's errors have no common class: no C compiler, no room on the card, ptxas
        raise Unsuitable(f"Triton cannot build the kernels: {type(error).__name__}: {error}") from error


def _pinned(size: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    return torch.zeros(size, dtype=dtype, pin_memory=True)


def _usable(device: str) -> torch.device:
    """Raises `EngineError` if there is no such GPU, `Unsuitable` if it is too old."""
    try:
        found = torch.device(device)
        capability = torch.cuda.get_device_capability(found)
    except (RuntimeError, AssertionError) as error:
        raise EngineError(f"PyTorch cannot use the device {device!r}: {error}") from error
    if capability < _CAPABILITY:
        raise Unsuitable(f"the kernels need compute capability 8.0 or above, but {device} has {capability}")
    return found if found.index is not None else torch.device("cuda", torch.cuda.current_device())


def _supported(net: nn.Module, shape: tuple[int, int, int, int]) -> FusedVideoXception:
    try:
        return check_supported(net, shape)
    except ValueError as error:
        raise Unsuitable(str(error)) from error


def _capacity(bytes_each: int, device: torch.device) -> int:
    """The largest bucket that half of the card's free memory holds. Raises `Unsuitable` if none does."""
    free, _ = torch.cuda.mem_get_info(device)
    fitting = [size for size in BUCKETS if size * bytes_each <= free * _MEMORY]
    if not fitting:
        raise Unsuitable(f"one clip needs {bytes_each} bytes, and the card has {free} free")
    return fitting[-1]
