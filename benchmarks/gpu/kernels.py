"""Each kernel's own time beside its limit."""

from collections.abc import Iterator

import torch

from benchmarks.gpu.networks import clips, fused_net
from benchmarks.gpu.roofline import work
from benchmarks.gpu.rows import Row
from benchmarks.gpu.timing import Setting, in_a_row, seconds_a_call
from videoxception.engine.kernels.network import FusedNetwork

_BATCH, _TIMES = 64, 10


def kernels(kind: str, setting: Setting) -> Iterator[Row]:
    """In a batch of 64, whose activations are far larger than the card's cache."""
    fused = FusedNetwork(fused_net(kind), setting.shape, _BATCH, torch.bfloat16, setting.device)
    frames = clips(_BATCH, setting.shape).to(setting.device)
    logits = torch.empty(_BATCH, 16, device=setting.device)
    fused.run(frames, logits)
    for each, launch in zip(work(kind), fused.steps(frames, logits), strict=False):  # the head has no limit
        taken = seconds_a_call(in_a_row(launch, _TIMES), setting) / (_BATCH * _TIMES)
        note = f"limit {each.limit * 1e6:.2f}; {each.limit / taken:.0%} of it"
        yield Row(f"kernels {kind}", each.name, taken * 1e6, "us a clip", note)
