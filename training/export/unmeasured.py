"""A network's weights and graph in a folder, for engines to run before anything was measured."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from training.config.schema import Config
from training.export.golden_answers import golden_answers
from training.export.openvino import export_graph
from videoxception.manifest import Architecture, Calibration, Golden, Manifest, Provenance
from videoxception.nets.fused_norms import fuse_norms
from videoxception.nets.served import load_served
from videoxception.store import WEIGHTS, Release


def unmeasured_release(folder: Path, config: Config, weights: Mapping[str, Tensor], golden: bool = True) -> Release:
    """Write a run's weights and their f32 graph into a new folder.

    What its manifest says of calibration and provenance is a placeholder: it is never written.

    Args:
        golden: whether golden answers are computed, which takes longer than all else; engines that are made by
            `videoxception.engine.create` need them.
    """
    folder.mkdir()
    save_file(dict(weights), folder / WEIGHTS)
    release = Release(folder, _manifest(config))
    spec = release.manifest.clip
    export_graph(fuse_norms(load_served(release), spec), spec, release.graph)
    if not golden:
        return release
    answers = golden_answers(release)
    return replace(release, manifest=release.manifest.model_copy(update={"golden": answers}))


def _manifest(config: Config) -> Manifest:
    outputs = len(config.data.classes) + bool(config.data.auxiliary)
    return Manifest(
        name=config.model_name,
        version=1,
        architecture=Architecture(name=config.architecture, arguments=config.architecture_arguments),
        classes=list(config.data.classes),
        auxiliary=list(config.data.auxiliary),
        clip=config.clip,
        files={},
        calibration=Calibration(temperature=1.0, known_threshold=0.0, fitted_on="nothing"),
        metrics=None,
        golden=Golden(seed=0, logits=[[0.0] * outputs], tolerance={}),
        provenance=Provenance(
            trained_on="",
            saw_all_groups=False,
            epoch_rule="",
            recipe={},
            seed=config.seed,
            data_fingerprint="",
            code_revision="",
            libraries={},
        ),
    )
