"""Export a trained network as the OpenVINO graph that CPUs run: uint8 clips in, logits out."""

from pathlib import Path

import numpy as np
import openvino as ov
import torch
from openvino import opset13 as op
from torch import nn

from training.model.to_openvino import to_openvino
from videoxception.clip import ClipSpec

_WORTHWHILE = 64  # values of a constant, below which a conversion takes as much room as it saves


def export_graph(net: nn.Module, spec: ClipSpec, path: Path) -> None:
    """Write a network that takes uint8 clips (B, F, H, W, 3) to `path` (.xml) and its constants beside it (.bin).

    In f32, for batches of any size; constants that bf16 holds exactly are written in it.
    """
    model = to_openvino(net, torch.zeros(2, *spec.shape, dtype=torch.uint8))
    hold_in_bf16(model)
    ov.save_model(model, path, compress_to_fp16=False)


def hold_in_bf16(model: ov.Model) -> None:
    """Replace f32 constants that lose nothing by bf16 constants, converted to f32 when the graph is loaded.

    Released weights are settled on values that bf16 holds, so that the file is about half as large, and answers and
    speed stay the same.
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() != ov.Type.f32:
            continue
        bits = np.ascontiguousarray(node.data).view(np.uint32)  # bf16 is the upper half of f32
        if bits.size >= _WORTHWHILE and not (bits & 0xFFFF).any():
            halves = ov.Tensor(ov.Type.bf16, ov.Shape(node.data.shape))
            halves.data.view(np.uint16)[...] = bits >> 16
            node.output(0).replace(op.convert(op.constant(halves), np.float32).output(0))
