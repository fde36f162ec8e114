"""Methods that compute logits of clips from the same released weights; each runs in a process of its own.

    python -m benchmarks.engine.methods NAME MODEL FOLDER

MODEL is "name@version", FOLDER holds the graph that `export_plain` wrote. Once ready, it prints a line of JSON: the
largest error of a golden logit, {off}, or an {error}. Then, for each line with a number of clips on standard input, it
prints the {seconds} that one batch of them took.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

import numpy as np

from videoxception import engine as engines
from videoxception import golden
from videoxception.clip import Frames
from videoxception.engine.base import Logits, Precision
from videoxception.store import ModelStore, Release

OPENVINO_GRAPH, ONNX_GRAPH = "plain.xml", "plain.onnx"
OURS = tuple(f"ours {precision}" for precision in get_args(Precision))
Infer = Callable[[Frames], Logits]


def ours(precision: Precision) -> Callable[[Release, Path], Infer]:
    """Use this project's engine."""
    return lambda release, folder: engines.create(release, "cpu", precision).predict


def plain(precision: str | None) -> Callable[[Release, Path], Infer]:
    """Use OpenVINO on a plain export of the trained network, with a dynamic batch size; None is its own precision."""

    def make(release: Release, folder: Path) -> Infer:
        import openvino as ov

        core = ov.Core()
        hints = {"PERFORMANCE_HINT": "LATENCY"} | ({"INFERENCE_PRECISION_HINT": precision} if precision else {})
        request = core.compile_model(core.read_model(folder / OPENVINO_GRAPH), "CPU", hints).create_infer_request()
        return lambda frames: request.infer([frames])[0]

    return make


def onnxruntime(release: Release, folder: Path) -> Infer:
    """Use ONNX Runtime's CPU provider with default settings, f32."""
    import onnxruntime

    session = onnxruntime.InferenceSession(folder / ONNX_GRAPH, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda frames: session.run(None, {name: frames})[0]


def eager(release: Release, folder: Path) -> Infer:
    """Use eager PyTorch, f32."""
    return _torch(release, compiled=False)


def compiled(release: Release, folder: Path) -> Infer:
    """Use torch.compile, f32, compiled for each batch size."""
    return _torch(release, compiled=True)


def _torch(release: Release, *, compiled: bool) -> Infer:
    import torch

    from videoxception.nets.served import load_served

    net = load_served(release)
    if compiled:
        net.compile(dynamic=False)

    def infer(frames: Frames) -> Logits:
        with torch.inference_mode():
            return net(torch.from_numpy(frames)).numpy()

    return infer


METHODS: Mapping[str, Callable[[Release, Path], Infer]] = {
    **{name: ours(precision) for name, precision in zip(OURS, get_args(Precision), strict=True)},
    "OpenVINO plain f32": plain("f32"),
    "OpenVINO plain bf16": plain("bf16"),
    "ONNX Runtime f32": onnxruntime,
    "torch eager f32": eager,
    "torch.compile f32": compiled,
}
PEERS = ("ONNX Runtime f32",)  # methods that need a library which is not a dependency of this project


def export_plain(release: Release, folder: Path) -> None:
    """Write the graph that `plain` runs: bytes in, nothing fused."""
    from training.export.openvino import export_graph
    from videoxception.nets.served import load_served

    export_graph(load_served(release), release.manifest.clip, folder / OPENVINO_GRAPH)


def export_onnx(release: Release, folder: Path) -> None:
    """Write the graph that `onnxruntime` runs. Needs the package onnx."""
    import torch

    from videoxception.nets.served import load_served

    frames = torch.zeros(2, *release.manifest.clip.shape, dtype=torch.uint8)
    torch.onnx.export(
        load_served(release),
        (frames,),
        folder / ONNX_GRAPH,
        dynamo=False,
        input_names=["frames"],
        dynamic_axes={"frames": {0: "batch"}},
    )


def main() -> None:
    """Time a batch for each input line."""
    name, reference, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    release = ModelStore().load(reference)
    try:
        infer = _prepare(name, release, folder)
    except Exception as error:  # an unavailable method reports why, and the others go on
        print(json.dumps({"error": f"{type(error).__name__}: {error}"[:300]}), flush=True)
        return
    for line in sys.stdin:
        frames = golden.draw(release.manifest.clip, 0, int(line))
        start = time.perf_counter()
        infer(frames)
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


def _prepare(name: str, release: Release, folder: Path) -> Infer:
    """Create the method and print its largest golden-logit error."""
    if name in PEERS:
        export_onnx(release, folder)
    infer = METHODS[name](release, folder)
    expected = release.manifest.golden
    logits = infer(golden.draw(release.manifest.clip, expected.seed, len(expected.logits)))
    off = golden.largest_difference(np.asarray(logits, np.float32), expected.logits)
    print(json.dumps({"off": off}), flush=True)
    return infer


if __name__ == "__main__":
    main()
