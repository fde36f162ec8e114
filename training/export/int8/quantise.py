"""The steps from a network with fused batch norms and some clips to the int8 graph."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import openvino as ov
from openvino import Output
from openvino import opset13 as op
from torch import nn

from training.export.int8.graph import Graph, step_of
from training.export.int8.rounding import round_weights
from training.export.int8.weights import Array, Block, Largest, Weights, equalised, weights_of
from training.progress import track
from videoxception.clip import ClipSpec, Frames
from videoxception.nets.fused_norms import FusedVideoXception

_COLUMNS = 500  # of a clip's places, as many are looked at for the mean products
_IDLE = 1e-3  # as a share of the median channel's largest value
_PLACES = np.array([2, 3, 4])  # the dimensions of time, height and width


def can_quantise(net: nn.Module) -> bool:
    """Return whether this is a network that int8 is for: a VideoXception with fused batch norms."""
    return isinstance(net, FusedVideoXception)


def quantise(net: nn.Module, spec: ClipSpec, clips: Frames) -> ov.Model:
    """Return the int8 graph: uint8 clips (B, F, H, W, 3) of any batch size -> logits.

    `clips`, uint8 (N, F, H, W, 3), show what values to expect: a hundred of those that the network was trained on. They
    are passed over a dozen times. Raises `ValueError` for another network or without clips.
    """
    if not isinstance(net, FusedVideoXception) or not can_quantise(net):
        raise ValueError(f"int8 is for a VideoXception with fused batch norms, not for {type(net).__name__}")
    if not len(clips):
        raise ValueError("at least one clip is needed to see what values to expect")
    plain = weights_of(net)
    weights = equalised(plain, _largest(plain, spec, clips))
    means = _means(Graph(weights, spec, quantised=False), range(1, len(weights.blocks)), clips)
    graph = Graph(weights, spec, quantised=True)
    for i in range(1, len(weights.blocks)):
        _round_block(graph, i, means[i], clips)
    model = graph.build()
    model.reshape({0: [-1, *spec.shape]})
    return model


def _round_block(graph: Graph, i: int, mean: Array, clips: Frames) -> None:
    """Round a block's product, and move its bias to where the sums' mean is again what it was before rounding."""
    block = graph.weights.blocks[i]
    step = step_of(block.across)
    block = replace(block, across=round_weights(block.across, step, _gram(graph, i, clips)))
    graph.steps[i] = step
    _put(graph, i, block)
    shift = mean - _means(graph, [i], clips)[i]
    _put(graph, i, replace(block, across_bias=block.across_bias + shift))


def _put(graph: Graph, i: int, block: Block) -> None:
    blocks = graph.weights.blocks
    graph.weights = replace(graph.weights, blocks=(*blocks[:i], block, *blocks[i + 1 :]))


def _largest(weights: Weights, spec: ClipSpec, clips: Frames) -> Largest:
    names = [f"{name}{i}" for i in range(1, len(weights.blocks)) for name in ("input", "spatial", "temporal")]
    graph = Graph(weights, spec, quantised=False)
    maxima: list[Array] | None = None
    for seen in _watch(graph, lambda tensor: op.reduce_max(tensor, _PLACES, False).output(0), names, clips):
        maxima = seen if maxima is None else [np.maximum(a, b) for a, b in zip(maxima, seen, strict=True)]
    assert maxima is not None
    return {name: _without_idle_channels(values) for name, values in zip(names, maxima, strict=True)}


def _without_idle_channels(largest: Array) -> Array:
    """Keep the scale of a channel that hardly ever fires: made to reach 1, it would be all rounding."""
    return np.where(largest <= _IDLE * np.median(largest), 1.0, largest)  # also if most, or all, are 0


def _means(graph: Graph, blocks: Iterable[int], clips: Frames) -> dict[int, Array]:
    """Return the mean of each channel of each block's sums: (D,)."""
    numbers = list(blocks)
    names = [f"sum{i}" for i in numbers]
    totals = [np.zeros(len(graph.weights.blocks[i].across_bias)) for i in numbers]
    for seen in _watch(graph, lambda tensor: op.reduce_mean(tensor, _PLACES, False).output(0), names, clips):
        totals = [total + one for total, one in zip(totals, seen, strict=True)]
    return {i: total / len(clips) for i, total in zip(numbers, totals, strict=True)}


def _gram(graph: Graph, i: int, clips: Frames) -> Array:
    """Return (2 C, 2 C): the mean product of any two input channels of block i's product, as rounded in the graph."""
    total, places = 0.0, 0
    for seen in _watch(graph, lambda tensor: tensor, [f"temporal{i}", f"input{i}"], clips):
        columns = np.concatenate([tensor.reshape(len(tensor), -1) for tensor in seen])
        columns = columns[:, :: max(1, columns.shape[1] // _COLUMNS) | 1]
        columns = np.rint(columns.clip(0, 1) * 255) / 255
        total, places = total + columns @ columns.T, places + columns.shape[1]
    return np.asarray(total / places)


def _watch(
    graph: Graph, look: Callable[[Output], Output], names: Sequence[str], clips: Frames
) -> Iterator[list[Array]]:
    """Return what each clip shows of the named tensors, float64, without the batch's dimension."""
    graph.build()
    part = graph.looking_at([look(graph.tensors[name]) for name in names])
    request = ov.Core().compile_model(part, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    for number in track(range(len(clips)), f"a pass over {len(clips)} clips for int8"):
        results = request.infer([np.ascontiguousarray(clips[number])[None]]).to_tuple()
        yield [np.asarray(result[0], np.float64) for result in results]
