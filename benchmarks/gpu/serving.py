"""Clips a second and latency of plain PyTorch, torch.compile and this project's engine, and of its kernels."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.gpu.networks import CLASSES, Plain, clips, fused_net, served_net
from benchmarks.gpu.roofline import limit, work
from benchmarks.gpu.rows import Row, attempt
from benchmarks.gpu.timing import Setting, in_a_row, seconds_a_call
from videoxception.clip import ClipSpec
from videoxception.engine.cuda_card import Card
from videoxception.engine.cuda_fused import FusedEngine
from videoxception.engine.cuda_plain import PlainEngine
from videoxception.engine.kernels.families import kernels_of

COMPILED_BATCHES = (1, 64)  # each takes torch.compile the better part of a minute
_BATCH, _TIMES = 64, 10  # clips, and launches in a row, with which a kernel is timed
Predict = Callable[[np.ndarray], object]
Rerun = Callable[[int], object]


def eager(kind: str, setting: Setting) -> Iterator[Row]:
    """Measure plain PyTorch in f32, and in bf16 with channels last."""
    for name, dtype in (("eager bf16", torch.bfloat16), ("eager f32", torch.float32)):
        yield from attempt(
            f"serving {kind}", name, lambda name=name, dtype=dtype: _torch_rows(kind, name, dtype, setting)
        )


def compiled(kind: str, setting: Setting) -> Iterator[Row]:
    """Measure torch.compile in mode max-autotune, for each batch size."""
    for batch in COMPILED_BATCHES:
        yield from attempt(
            f"serving {kind}",
            f"torch.compile bf16, batch {batch}",
            lambda batch=batch: _torch_rows(kind, "torch.compile bf16", torch.bfloat16, setting, batch),
        )


def ours(kind: str, setting: Setting) -> Iterator[Row]:
    """Measure this project's engine."""
    engine = FusedEngine(served_net(kind, setting.shape), setting.shape, Card(str(setting.device)))
    yield from _engine_rows(kind, "ours bf16", setting, engine)


def plain(kind: str, setting: Setting) -> Iterator[Row]:
    """Measure this project's engine for any architecture."""
    spec = ClipSpec(frames=setting.shape[0], size=setting.shape[1:3])
    engine = PlainEngine(served_net(kind, setting.shape), spec, CLASSES, Card(str(setting.device)))
    yield from _engine_rows(kind, f"plain bf16 in chunks of {engine.chunk}", setting, engine)


def kernels(kind: str, setting: Setting) -> Iterator[Row]:
    """Measure each kernel beside its limit, in a batch of 64: its activations are far larger than the GPU's cache."""
    fused = kernels_of(served_net(kind), setting.shape, _BATCH, torch.bfloat16, setting.device)
    frames = clips(_BATCH, setting.shape).to(setting.device)
    logits = torch.empty(_BATCH, 16, device=setting.device)
    fused.run(frames, logits)
    for each, launch in zip(work(kind), fused.steps(frames, logits), strict=False):  # the head has no limit
        taken = seconds_a_call(in_a_row(launch, _TIMES), setting) / (_BATCH * _TIMES)
        note = f"limit {each.limit * 1e6:.2f}; {each.limit / taken:.0%} of it"
        yield Row(f"kernels {kind}", each.name, taken * 1e6, "us a clip", note)


def _engine_rows(kind: str, name: str, setting: Setting, engine: FusedEngine | PlainEngine) -> Iterator[Row]:
    for batch in setting.batches:
        frames = clips(batch, setting.shape).numpy()
        yield from _rows(kind, name, setting, frames, engine.predict, engine.rerun)


def _torch_rows(
    kind: str, name: str, dtype: torch.dtype, setting: Setting, compiled_for: int | None = None
) -> Iterator[Row]:
    net = Plain(fused_net(kind), dtype).to(setting.device)
    if compiled_for is not None:
        torch._dynamo.reset()
        net.compile(mode="max-autotune", dynamic=False)
    with torch.inference_mode():
        for batch in setting.batches if compiled_for is None else [compiled_for]:
            frames = clips(batch, setting.shape)
            there = frames.to(setting.device)
            yield from _rows(
                kind,
                name,
                setting,
                frames.numpy(),
                lambda given: net(torch.from_numpy(given).to(setting.device)).float().cpu(),
                lambda _, there=there: net(there),
            )


def _rows(kind: str, name: str, setting: Setting, frames: np.ndarray, predict: Predict, rerun: Rerun) -> Iterator[Row]:
    """Measure with the copy from the host (first, since it fills the device's buffers), and without it."""
    batch, section = len(frames), f"serving {kind}"
    for what, call in (("from host", lambda: predict(frames)), ("on device", lambda: rerun(batch))):
        taken = seconds_a_call(call, setting)
        note = f"{taken * 1e3:.3f} ms a batch; {limit(kind) * batch / taken:.1%} of the roofline"
        yield Row(section, f"{name}, batch {batch}, {what}", batch / taken, "clips/s", note)
