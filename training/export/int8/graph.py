"""The network as an OpenVINO graph, in floating point or as OpenVINO takes it for int8: activations marked by
FakeQuantize, weights in 8 bits."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import Node, Output
from openvino import opset13 as op

from training.export.int8.weights import Array, Block, Weights
from videoxception.clip import ClipSpec

_LEVELS = 256  # of activations, 0 to 1
_LARGEST_LEVEL = 127  # of weights, to both sides


@dataclass
class Graph:
    """A graph while it is built. `quantised` blocks are those behind the first.

    `steps` are of the products' weights that are rounded already, by block: (D,), the difference of two levels. Tensors
    can be looked at by name: `input1` is what block 1 is given, `spatial1` and `temporal1` are behind its depthwise
    convolutions, and `sum1` is what its product gives before the ReLU.
    """

    weights: Weights
    spec: ClipSpec
    quantised: bool
    steps: dict[int, Array] = field(default_factory=dict)
    tensors: dict[str, Output] = field(default_factory=dict)

    def build(self) -> ov.Model:
        """Build the graph: uint8 clips (1, F, H, W, 3) -> logits (1, K or K + 1)."""
        frames = op.parameter([1, *self.spec.shape], np.uint8, name="frames")
        x = op.convert(op.transpose(frames, [0, 4, 1, 2, 3]), np.float32)
        x = _across(x, op.constant(_kernel(self.weights.affine)), self.weights.affine_bias)
        last = len(self.weights.blocks) - 1
        for i, block in enumerate(self.weights.blocks):
            x = self._block(i, block, x)
            if i < last:
                x = op.max_pool(x, [1, 2, 2], [1, 1, 1], [0, 0, 0], [0, 0, 0], [1, 2, 2]).output(0)
        return ov.Model([op.result(self._head(x))], [frames], "videoxception-int8")

    def looking_at(self, tensors: list[Output]) -> ov.Model:
        """Return the part of the graph that these tensors need, with them as its results. `build` comes first."""
        parameters = [node for node in _ancestors(tensors) if node.get_type_name() == "Parameter"]
        return ov.Model([op.result(tensor) for tensor in tensors], parameters, "part")

    def _block(self, i: int, block: Block, x: Node | Output) -> Node:
        # Rounded behind the pool, a tensor is a quarter as large; only the first block's product is not in int8 itself.
        x = self._rounded(i, "input", x)
        half = block.spatial.shape[-1] // 2
        y = self._depthwise(i, x, block.spatial[:, None, None, None], block.spatial_bias, [0, half, half])
        y = self._rounded(i, "spatial", op.relu(y))
        half = block.temporal.shape[-1] // 2
        y = self._depthwise(i, y, block.temporal[:, None, None, :, None, None], block.temporal_bias, [half, 0, 0])
        y = self._rounded(i, "temporal", op.relu(y))
        if self._is_quantised(i):
            kernel = _stepped(_kernel(block.across), 1, self.steps.get(i))
            y = _across(op.concat([y, x], 1), kernel, block.across_bias)
        else:
            channels = len(block.spatial)
            own = _across(y, op.constant(_kernel(block.across[:, :channels])))
            y = op.add(own, _across(x, op.constant(_kernel(block.across[:, channels:])), block.across_bias))
        self.tensors[f"sum{i}"] = y.output(0)
        return op.relu(y)

    def _is_quantised(self, i: int) -> bool:
        return self.quantised and i > 0

    def _rounded(self, i: int, name: str, x: Node | Output) -> Node | Output:
        self.tensors[f"{name}{i}"] = x if isinstance(x, Output) else x.output(0)
        return _marked(x) if self._is_quantised(i) else x

    def _depthwise(self, i: int, x: Node | Output, weights: Array, bias: Array, padding: list[int]) -> Node:
        kernel = weights.astype(np.float32)
        constant = _stepped(kernel, 2) if self._is_quantised(i) else op.constant(kernel)
        return op.add(op.group_convolution(x, constant, [1, 1, 1], padding, padding, [1, 1, 1]), _bias(bias))

    def _head(self, x: Node | Output) -> Node:
        features = op.reduce_mean(x, op.constant(np.array([2, 3, 4])), False)
        logits = op.matmul(features, op.constant(self.weights.head.astype(np.float32)), False, True)
        logits = op.add(logits, op.constant(self.weights.head_bias.astype(np.float32)[None]))
        if not self.weights.auxiliary:
            return logits
        classes = len(self.weights.head) - self.weights.auxiliary
        own, auxiliary = op.variadic_split(logits, 1, [classes, self.weights.auxiliary]).outputs()
        return op.concat([own, _log_sum_exp(auxiliary)], 1)


def _log_sum_exp(x: Output) -> Node:
    """Add up in logarithms: (1, N) -> (1, 1)."""
    along = op.constant(np.array([1]))
    largest = op.reduce_max(x, along, True)
    return op.add(op.log(op.reduce_sum(op.exp(op.subtract(x, largest)), along, True)), largest)


def _across(x: Node | Output, kernel: Node, bias: Array | None = None) -> Node:
    y = op.convolution(x, kernel, [1, 1, 1], [0, 0, 0], [0, 0, 0], [1, 1, 1])
    return y if bias is None else op.add(y, _bias(bias))


def _kernel(weights: Array) -> npt.NDArray[np.float32]:
    return weights.astype(np.float32)[:, :, None, None, None]


def _bias(bias: Array) -> Node:
    return op.constant(bias.astype(np.float32).reshape(1, -1, 1, 1, 1))


def _marked(x: Node | Output) -> Node:
    """Mark a tensor from 0 to 1 as one to be held in 8 bits."""
    low, high = (op.constant(np.full((1, 1, 1, 1, 1), value, np.float32)) for value in (0, 1))
    return op.fake_quantize(x, low, high, low, high, _LEVELS)


def _stepped(kernel: npt.NDArray[np.float32], leading: int, step: Array | None = None) -> Node:
    """Return a kernel held in 8 bits, in the file as well, with a step for each entry of its `leading` dimensions."""
    if step is None:
        step = step_of(kernel.reshape(*kernel.shape[:leading], -1))
    steps = step.reshape(*kernel.shape[:leading], *[1] * (kernel.ndim - leading)).astype(np.float32)
    levels = np.rint(kernel / steps).clip(-_LARGEST_LEVEL, _LARGEST_LEVEL).astype(np.int8)
    return op.multiply(op.convert(op.constant(levels), np.float32), op.constant(steps))


def step_of(rows: npt.NDArray[np.floating]) -> Array:
    """Return the smallest step with which each row's largest weight can still be written: (..., n) -> (...)."""
    return np.asarray(np.maximum(np.abs(rows).max(-1), 1e-12) / _LARGEST_LEVEL, np.float64)


def _ancestors(tensors: list[Output]) -> list[Node]:
    found: dict[str, Node] = {}
    waiting = [tensor.get_node() for tensor in tensors]
    while waiting:
        node = waiting.pop()
        if node.get_name() not in found:
            found[node.get_name()] = node
            waiting += [value.get_node() for value in node.input_values()]
    return list(found.values())
