"""Errors of logits: against float64 on the CPU, the golden answers, and the same clips in another batch."""

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np
import torch

from benchmarks.gpu.networks import Plain, clips, fused_net, network, served_net
from benchmarks.gpu.rows import Row, attempt
from benchmarks.gpu.timing import Setting
from videoxception import golden
from videoxception.clip import ClipSpec
from videoxception.engine.base import FloatPrecision
from videoxception.engine.cuda_card import Card
from videoxception.engine.cuda_fused import FusedEngine
from videoxception.engine.cuda_plain import PlainEngine
from videoxception.nets.served import Served
from videoxception.store import BUILT_IN, ModelStore


def parity(setting: Setting, count: int = 2, crowd: int = 256) -> Iterator[Row]:
    """Compare `count` clips with float64, and `crowd` clips in one batch with each alone."""
    for name, precision in product(("videoxception-a", "videoxception-b", "videoxception-c"), ("bf16", "f32")):
        for backend in (FusedEngine, PlainEngine):
            what = f"{name} golden {precision}, {backend.__name__}"
            yield from attempt("parity", what, partial(_golden, setting, name, precision, backend))
    for kind in ("a", "b", "c"):
        yield from attempt("parity", f"{kind}, batches", lambda kind=kind: _batches(kind, setting, crowd))
    for kind in ("a", "b"):
        yield from attempt("parity", f"{kind}, float64", lambda kind=kind: _against_float64(kind, setting, count))


def _golden(
    setting: Setting, name: str, precision: FloatPrecision, backend: type[FusedEngine] | type[PlainEngine]
) -> Iterator[Row]:
    release = ModelStore(built_in=BUILT_IN).load(name)
    expected = release.manifest.golden
    engine = backend.load(release, Card(str(setting.device)), precision)
    logits = engine.predict(golden.draw(release.manifest.clip, expected.seed, len(expected.logits)))
    off, allowed = golden.largest_difference(logits, expected.logits), expected.tolerance[precision]
    note = f"{'within' if off <= allowed else 'BEYOND'} the {allowed:.3g} that is allowed"
    yield Row("parity", f"{release} golden answers, {precision}, {backend.__name__}", off, "largest |difference|", note)


def _batches(kind: str, setting: Setting, crowd: int) -> Iterator[Row]:
    engine = FusedEngine(served_net(kind), setting.shape, Card(str(setting.device)))
    frames = clips(crowd, setting.shape).numpy()
    together = engine.predict(frames)
    alone = np.concatenate([engine.predict(frame[None]) for frame in frames])
    different = int((together != alone).any(1).sum())
    yield Row("parity", f"{kind}: answers that differ between batch {crowd} and alone", different, f"of {crowd}")


def _against_float64(kind: str, setting: Setting, count: int) -> Iterator[Row]:
    frames = clips(count, setting.shape, seed=1)
    with torch.inference_mode():
        expected = Served(network(f"videoxception-{kind}"), ClipSpec()).double().eval()(frames)
    for precision, dtype in (("bf16", torch.bfloat16), ("f32", torch.float32)):
        engine = FusedEngine(fused_net(kind), setting.shape, Card(str(setting.device)), precision)
        found = torch.from_numpy(engine.predict(frames.numpy()))
        yield Row("parity", f"{kind}: ours {precision}", relative(found, expected), "relative error")
        del engine
        with torch.inference_mode():
            plain = Plain(fused_net(kind), dtype).to(setting.device)(frames.to(setting.device)).cpu()
        yield Row("parity", f"{kind}: eager {precision}", relative(plain, expected), "relative error")


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the norm of the difference over the norm of `expected`."""
    return float((found.double() - expected).norm() / expected.norm())
