"""Trained network -> the OpenVINO graph that CPUs run: uint8 clips in, logits out."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openvino as ov
import torch
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.fx_decoder import TorchFXPythonDecoder
from torch import nn

from videoxception.clip import ClipSpec


def export_graph(net: nn.Module, spec: ClipSpec, path: Path) -> None:
    """Writes a network that takes uint8 clips (B, F, H, W, 3) to `path` (.xml) and its constants beside it (.bin).

    In f32, for batches of any size. OpenVINO's frontend is used directly: `openvino.convert_model` does the same but
    reports each use over the network.
    """
    frames = torch.zeros(2, *spec.shape, dtype=torch.uint8)
    batch = torch.export.Dim("batch", min=1, max=4096)
    with _quiet():
        program = torch.export.export(net, (frames,), dynamic_shapes={"frames": {0: batch}})
        decoder = TorchFXPythonDecoder.from_exported_program(program)
        frontend = FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    model.reshape({0: [-1, *spec.shape]})
    ov.save_model(model, path, compress_to_fp16=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences what torch and OpenVINO say about their own insides: deprecated tree utilities, unused operations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
