"""Time alternative tiles of each kernel in a batch of 64, beside the kernel's limit.

    python -m benchmarks.gpu.tune [--kind a]

The present tiles (videoxception/engine/kernels/tiles.py) are marked with a star. Tiles that need more than the GPU has
are shown as failed. Nothing is changed: the fastest are entered into that file by hand.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import torch

from benchmarks.gpu.networks import clips, fused_net
from benchmarks.gpu.roofline import work
from benchmarks.gpu.timing import Setting, in_a_row, seconds_a_call
from videoxception.engine.kernels.network import FusedNetwork
from videoxception.engine.kernels.tiles import (
    FirstTiles,
    ProductTiles,
    SeparableTiles,
    first_tiles,
    product_tiles,
    separable_tiles,
)

_BATCH, _TIMES = 64, 10


def candidates(step: partial[None]) -> Iterator[Any]:
    """Yield tiles to try for a launch by `FusedNetwork.steps`, the present ones first."""
    name = step.func.__name__
    if name == "first_block":
        yield first_tiles(torch.bfloat16)
        yield from (FirstTiles(128, columns, 4) for columns in (32, 64))
        yield from (FirstTiles(64, columns, 2) for columns in (16, 32, 64))
    elif name == "separable":
        pairs, weights = step.args
        set_ = separable_tiles(weights.kernel, pairs.shape[2])
        yield set_
        yield from _separable_tiles(set_, pairs.shape[2])
    else:
        pairs, weight = step.args[:2]
        pixels = pairs.x[0, ..., 0].numel() if name == "product_mean" else None
        set_ = product_tiles(weight.dtype, pixels)
        yield set_
        yield from (t for t in _product_tiles(set_.rows, name == "product_pool") if t != set_)


def _separable_tiles(set_: SeparableTiles, height: int) -> Iterator[SeparableTiles]:
    for rows, (lanes, block, warps) in product((2, 4, 8), ((16, 64, 8), (8, 64, 4), (16, 32, 4), (32, 32, 8))):
        tiles = replace(set_, rows=rows, lanes=lanes, block=block, warps=warps)
        for registers in {set_.registers, None}:
            if height % rows == 0 and replace(tiles, registers=registers) != set_:
                yield replace(tiles, registers=registers)


def _product_tiles(rows: int, free: bool) -> Iterator[ProductTiles]:
    """Yield tiles of a product; other rows only if `free`: in the mean they define the layout of its sums."""
    yield from (ProductTiles(rows, columns, 64, 4, stages) for columns in (64, 128) for stages in (2, 3, 4))
    if free:
        yield from (ProductTiles(256, 128, step, 8, stages) for step in (32, 64) for stages in (2, 3))
        yield from (ProductTiles(256, 64, 64, 8, stages) for stages in (2, 3))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=["a", "b"], default="a")
    kind, setting = parser.parse_args().kind, Setting(seconds=0.2)
    fused = FusedNetwork(fused_net(kind), setting.shape, _BATCH, torch.bfloat16, setting.device)
    frames, logits = clips(_BATCH, setting.shape).to(setting.device), torch.empty(_BATCH, 16, device=setting.device)
    fused.run(frames, logits)
    for each, step in zip(work(kind), fused.steps(frames, logits), strict=False):
        print(f"{each.name}: limit {each.limit * 1e6:.2f} us a clip")
        for number, tiles in enumerate(candidates(step)):
            print(f"  {'*' if number == 0 else ' '} {_time(step, tiles, setting)} {tiles}", flush=True)


def _time(step: partial[None], tiles: Any, setting: Setting) -> str:
    try:
        taken = seconds_a_call(in_a_row(partial(step, tiles=tiles), _TIMES), setting) / (_BATCH * _TIMES)
        return f"{taken * 1e6:7.2f}"
    except Exception as error:  # more shared memory or registers than the GPU has
        return f"fails ({type(error).__name__})"


if __name__ == "__main__":
    main()
