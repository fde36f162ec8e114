"""A network in PyTorch -> the same as an OpenVINO model."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import openvino as ov
import torch
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.fx_decoder import TorchFXPythonDecoder
from torch import Tensor, nn


def to_openvino(net: nn.Module, example: Tensor) -> ov.Model:
    """Convert a network of one input to an OpenVINO model in f32, for batches of any size.

    OpenVINO's frontend is used directly: `openvino.convert_model` does the same but reports each use over the network.

    Args:
        example: an input (2, ...); the model takes (B, ...).
    """
    batch = torch.export.Dim("batch", min=1, max=4096)
    with _quiet():
        program = torch.export.export(net, (example,), dynamic_shapes=({0: batch},))
        decoder = TorchFXPythonDecoder.from_exported_program(program)
        frontend = FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    model.reshape({0: [-1, *example.shape[1:]]})
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what torch and OpenVINO say about their own insides: deprecated trees, unused operations, copies.

    To a root logger without a handler, OpenVINO's first word would add one, which prints every later line again.
    """
    silent = logging.NullHandler()
    logging.root.addHandler(silent)
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.filterwarnings("ignore", ".*assigned during export", UserWarning)  # an LSTM's flat weights
            yield
    finally:
        logging.disable(logging.NOTSET)
        logging.root.removeHandler(silent)
