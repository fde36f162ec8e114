"""The engines that a GPU may run a model by, the fastest first."""

import time
from functools import partial
from typing import Literal

from videoxception import golden
from videoxception.engine.base import Engine, FloatPrecision, Unsuitable
from videoxception.engine.choice import Candidate, tried
from videoxception.engine.cuda_card import Card
from videoxception.engine.cuda_plain import PlainEngine
from videoxception.engine.cuda_trial import try_apart
from videoxception.engine.race import race, winner
from videoxception.engine.torch_reference import TorchEngine
from videoxception.manifest import Architecture
from videoxception.store import Release

_FUSED = ("videoxception-a", "videoxception-b")
_RACED = ("videoxception-c", "videoxception-d")  # whose kernels' tiles were never timed on a card
_CLIPS = 8  # in a race


def candidates(release: Release, device: str, precision: Literal["auto"] | FloatPrecision) -> list[Candidate]:
    """Return the fused kernels for the types that they are of, then PyTorch as graphs, then as it is.

    In the precision that is asked for; "auto" is bf16 on cards that have it, and f32 where its answers are wrong.
    Raises `EngineError` if PyTorch cannot use the device.
    """
    card = Card(device)
    native: list[FloatPrecision] = ["bf16", "f32"] if card.has_bf16 else ["f32"]
    wanted = native if precision == "auto" else [precision]
    graphs = [Candidate(f"graphs of plain PyTorch in {p}", partial(PlainEngine.load, release, card, p)) for p in wanted]
    reference = Candidate(
        f"plain PyTorch in {wanted[-1]}, clip by clip", partial(TorchEngine, release, card.name, wanted[-1])
    )
    return [*_kernels(release, card, wanted[0], graphs[0]), *graphs, reference]


def _kernels(release: Release, card: Card, precision: FloatPrecision, graphs: Candidate) -> list[Candidate]:
    architecture, name = release.manifest.architecture, f"fused kernels in {precision}"
    if architecture.name in _FUSED:
        return [Candidate(name, partial(_fused, release, card, precision))]
    if _averages_frames(architecture):
        return [Candidate(name, partial(_faster, release, card, precision, graphs))]
    return []


def _averages_frames(architecture: Architecture) -> bool:
    """Return whether it is a C or D without convolutions over time, for which there are no kernels."""
    return architecture.name in _RACED and architecture.arguments.get("temporal") is False


def _fused(release: Release, card: Card, precision: FloatPrecision) -> Engine:
    from videoxception.engine.cuda_fused import FusedEngine  # needs Triton, which the others do not

    try_apart(release, card.name, precision)
    return FusedEngine.load(release, card, precision)


def _faster(release: Release, card: Card, precision: FloatPrecision, graphs: Candidate) -> Engine:
    """Create the engine of fused kernels. Raises `Unsuitable` unless it is clearly faster than `graphs`."""
    fused = _fused(release, card, precision)
    plain = tried(release, card.name, graphs)
    if plain is None:
        return fused
    manifest = release.manifest
    clips = golden.draw(manifest.clip, manifest.golden.seed, _CLIPS)
    engines = {"graphs": plain, "kernels": fused}
    times = race({name: partial(engine.predict, clips) for name, engine in engines.items()}, time.perf_counter)
    if winner(times) == "graphs":
        taken = ", ".join(f"{name} {1e3 * seconds:.2f} ms" for name, seconds in times.items())
        raise Unsuitable(f"they are not clearly faster for {_CLIPS} clips: {taken}")
    return fused
