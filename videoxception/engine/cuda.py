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
"""Batch sizes with a recorded graph; other batches run in the next larger one, whose remaining rows are ignored."""

_PIECE = 64  # clips; larger batches are split, so that copying one piece overlaps computing another
_DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
_CAPABILITY = (8, 0)  # the first compute capability with bf16
_MEMORY = 0.5  # share of the GPU's free memory that may be used


@dataclass(slots=True)
class _Slot:
    """The buffers of one piece of a batch. An engine has two: one is filled while the other is computed."""

    host: Tensor  # uint8 (capacity, F, H, W, 3), pinned
    frames: Tensor  # the same on the device
    logits: Tensor  # f32 (capacity, K or K + 1) on the device
    answers: Tensor  # the same, pinned
    copied: torch.cuda.Event = field(default_factory=torch.cuda.Event)
    done: torch.cuda.Event = field(default_factory=torch.cuda.Event)
    run: dict[int, Callable[[], None]] = field(default_factory=dict)  # by bucket


class CudaEngine:
    """A VideoXception with fused batch norms as CUDA graphs, one for each batch size.

    Bytes are copied on a stream of their own, from pinned memory, while the piece before them is computed. The order of
    every sum is independent of the batch, so that a clip's logits do not depend on the other clips in it.
    """

    def __init__(
        self,
        net: nn.Module,
        shape: tuple[int, int, int, int],
        device: str = "cuda",
        precision: Literal["auto"] | FloatPrecision = "auto",
    ) -> None:
        """Allocate buffers and record graphs for a network returned by `fuse_norms` and clips of `shape` (F, H, W, 3).

        Raises `EngineError` if the device cannot be used at all, `Unsuitable` if only this engine cannot use it.
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
        """Create the engine of a released model; arguments and errors as for the constructor."""
        spec = release.manifest.clip
        return cls(fuse_norms(load_served(release), spec), spec.shape, device, precision)

    def predict(self, frames: Frames) -> Logits:
        """Compute logits float32 (B, K or K + 1) from clips uint8 (B, F, H, W, 3)."""
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
        """Start the network on the `count` clips that were copied last: benchmarks time it without copies."""
        with torch.cuda.device(self._device), torch.cuda.stream(self._compute):
            self._slots[0].run[bucket(count, self.buckets)]()

    def _start(self, slot: _Slot, clips: Tensor) -> None:
        """Start copying and computing a piece, in a slot that no other piece is using."""
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
            frames=torch.randint(0, 256, size, dtype=torch.uint8, device=self._device),  # noise takes as long as clips
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
    """Split a batch of `count` clips: up to 64 clips stay together, more become at least four pieces."""
    size = min(buckets[-1], max(_PIECE, bucket(count // 4, buckets)))
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def bucket(count: int, buckets: list[int]) -> int:
    """Return the smallest bucket that holds `count` clips, or else the largest bucket."""
    return next((size for size in buckets if size >= count), buckets[-1])


def _record(fused: FusedNetwork, frames: Tensor, logits: Tensor, stream: torch.cuda.Stream) -> Callable[[], None]:
    """Record the network on these tensors as a graph; return a function that starts it on the current stream."""
    graph = torch.cuda.CUDAGraph()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        _build(fused, frames, logits)
    stream.synchronize()
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        fused.run(frames, logits)
    return graph.replay


def _build(fused: FusedNetwork, frames: Tensor, logits: Tensor) -> None:
    """Run the network once, which compiles the kernels. Raises `Unsuitable` if they cannot be compiled."""
    try:
        fused.run(frames, logits)
    except Exception as error:  # Triton's errors have no common class: no C compiler, no memory on the GPU, ptxas
        raise Unsuitable(f"Triton cannot build the kernels: {type(error).__name__}: {error}") from error


def _pinned(size: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    return torch.zeros(size, dtype=dtype, pin_memory=True)


def _usable(device: str) -> torch.device:
    """Return the device with its index. Raises `EngineError` without such a GPU, `Unsuitable` if it is too old."""
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
    """Return the largest bucket that fits into half of the GPU's free memory. Raises `Unsuitable` if none does."""
    free, _ = torch.cuda.mem_get_info(device)
    fitting = [size for size in BUCKETS if size * bytes_each <= free * _MEMORY]
    if not fitting:
        raise Unsuitable(f"one clip needs {bytes_each} bytes, and the GPU has {free} free")
    return fitting[-1]
