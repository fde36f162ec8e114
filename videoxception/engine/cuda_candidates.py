"""The engines that a GPU may run a model by, the fastest first."""

from functools import partial
from typing import Literal

from videoxception.engine.base import Engine, FloatPrecision
from videoxception.engine.choice import Candidate
from videoxception.engine.cuda_card import Card
from videoxception.engine.cuda_plain import PlainEngine
from videoxception.engine.cuda_trial import try_apart
from videoxception.engine.torch_reference import TorchEngine
from videoxception.store import Release

_WITH_KERNELS = ("videoxception-a", "videoxception-b")


def candidates(release: Release, device: str, precision: Literal["auto"] | FloatPrecision) -> list[Candidate]:
    """Return the fused kernels for the types that they are of, then PyTorch as graphs, then as it is.

    In the precision that is asked for; "auto" is bf16 on cards that have it, and f32 where its answers are wrong.
    Raises `EngineError` if PyTorch cannot use the device.
    """
    card = Card(device)
    native: list[FloatPrecision] = ["bf16", "f32"] if card.has_bf16 else ["f32"]
    wanted = native if precision == "auto" else [precision]
    kernels = Candidate(f"fused kernels in {wanted[0]}", partial(_fused, release, card, wanted[0]))
    reference = Candidate(
        f"plain PyTorch in {wanted[-1]}, clip by clip", partial(TorchEngine, release, card.name, wanted[-1])
    )
    return [
        *([kernels] if release.manifest.architecture.name in _WITH_KERNELS else []),
        *(Candidate(f"graphs of plain PyTorch in {p}", partial(PlainEngine.load, release, card, p)) for p in wanted),
        reference,
    ]


def _fused(release: Release, card: Card, precision: FloatPrecision) -> Engine:
    from videoxception.engine.cuda_fused import FusedEngine  # needs Triton, which the others do not

    try_apart(release, card.name, precision)
    return FusedEngine.load(release, card, precision)
