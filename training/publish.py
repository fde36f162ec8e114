"""Releases a trained run: the next version of its model in a model store, with its figures on the held-out items.

python -m training.publish runs/videoxception-a
python -m training.publish runs/all --fold-runs runs/0 runs/1       with the figures of models that left out a fold each
"""

import argparse
import dataclasses
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from importlib.metadata import version as version_of
from pathlib import Path

import torch
from safetensors.torch import save_file

from training.config.data import PLACES
from training.config.schema import Config
from training.data.fingerprint import fingerprint
from training.data.loading import open_dataset
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.cross_validation import digest_of, folds_of, of_folds, save_fold_weights
from training.evaluation.leakage import check_no_leakage, check_start_leakage, sources_of_all, write_hashes
from training.evaluation.protocol import open_exam, sit
from training.evaluation.summary import Evaluation
from training.export.int8 import HELP as INT8_HELP
from training.export.int8.release import add_int8
from training.export.openvino import export_graph
from training.model import checkpoint
from training.model.final_weights import final_weights
from training.reporting.model_card import model_card
from training.reporting.plots.draw import draw_evaluation, draw_or_explain
from training.reporting.table import table
from videoxception import golden
from videoxception.clip import ClipSpec
from videoxception.engine.base import Precision
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.manifest import Architecture, Calibration, Golden, KnownScore, Manifest, Provenance
from videoxception.nets.folded import fold
from videoxception.nets.served import load_served
from videoxception.store import CARD, MANIFEST, SOURCES, Release, StoreError, files_of, next_version, sha256_of
from videoxception.store import publish as publish_to_store

_GOLDEN_SEED, _GOLDEN_CLIPS = 16, 3
# Largest difference of a logit, as a share of the largest logit: rounding is relative to the numbers that are added up.
_TOLERANCE: dict[Precision, float] = {"f32": 1e-3, "bf16": 5e-2}
_EPOCH_RULE = "The weights are the running average at the end of the last epoch; no epoch was chosen by looking."


def main(arguments: Sequence[str] | None = None) -> None:
    """The command `python -m training.publish`."""
    parser = argparse.ArgumentParser(
        prog="python -m training.publish", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument("--store", type=Path, default=Path("model_store"), metavar="DIR", help="(default: model_store)")
    parser.add_argument(
        "--note", default="", metavar="TEXT", help="what the data are, in a sentence for the model card"
    )
    parser.add_argument(
        "--fold-runs",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="runs of the same recipe, each with another --fold, that judge what the released run, having held out"
        " nothing (--holdout 0), has seen; their weights are released beside its own",
    )
    parser.add_argument("--int8", action=argparse.BooleanOptionalAction, default=True, help=INT8_HELP)
    parser.add_argument(
        "--dry-run", action="store_true", help="make and measure it, print its card, and release nothing"
    )
    options = parser.parse_args(arguments)
    try:
        do = rehearse if options.dry_run else publish
        do(options.run, options.store, options.note, options.fold_runs, options.int8)
    except (TrainingError, StoreError) as error:
        sys.exit(f"error: {error}")


def publish(run: Path, store: Path, note: str = "", fold_runs: Sequence[Path] = (), int8: bool = True) -> Release:
    """Releases a finished run as the next version of its model; `note` says on its card what the data are.

    If there are `fold_runs`, its figures are those of the models that they made. `int8` adds a graph in 8-bit
    integers. Raises `TrainingError` or `StoreError`.
    """
    release = _release(run, store, note, fold_runs, int8)
    if release.manifest.metrics is not None:
        print(table(str(release), release.manifest.metrics))
    print(f"released {release} in {release.folder}")
    print(f"try it: VX_MODEL_STORE={store} VX_MODEL={release} scripts/serve")
    print("        curl -F file=@clip.mp4 localhost:8000/predict")
    return release


def rehearse(run: Path, store: Path, note: str = "", fold_runs: Sequence[Path] = (), int8: bool = True) -> None:
    """Does all that `publish` does, in a store that is thrown away, and prints the card. Raises as `publish` does."""
    name = checkpoint.read_config(run).model_name
    version = next_version(store, name)
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / name / str(version - 1)).mkdir(parents=True)  # so that the card names the right version
        release = _release(run, Path(scratch), note, fold_runs, int8)
        print((release.folder / CARD).read_text())
        sizes = ", ".join(f"{path.name} {path.stat().st_size:,} bytes" for path in sorted(release.folder.iterdir()))
    print(f"a rehearsal: nothing was released. It would be {name}@{version} in {store / name / str(version)}: {sizes}")


def _release(run: Path, store: Path, note: str, fold_runs: Sequence[Path], int8: bool) -> Release:
    config = checkpoint.read_config(run)
    weights = final_weights(run, config)
    split = open_dataset(config.data).split(config.seed)
    if not split.leaky:
        check_no_leakage(run, split.held_out)
        check_start_leakage(run, split.validation.items, split.auxiliary.items, strict=False)
    folds, told = folds_of(fold_runs, run, split), sources_of_all([run, *fold_runs])

    def write(folder: Path, version: int) -> None:
        draft = _draft(config, split, version, note).model_copy(update={"folds": _folds(config, split, folds)})
        release = Release(folder, draft)
        save_file(weights, release.weights)
        save_fold_weights(release, folds)
        if told is not None:
            write_hashes(folder / SOURCES, told)
        export_graph(fold(load_served(release), draft.clip), draft.clip, release.graph)
        manifest, evaluation = _measured(release, split, config)
        if int8:
            manifest = add_int8(Release(folder, manifest), split, config.data.skip_bad)
        manifest = manifest.model_copy(update={"files": _hashes(folder, manifest)})
        (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n")
        (folder / CARD).write_text(model_card(manifest))
        _check_engines(Release(folder, manifest))
        if evaluation is not None:
            draw_or_explain(lambda: draw_evaluation(run, str(release), manifest.clip, evaluation))

    return publish_to_store(store, config.model_name, write)


def _folds(config: Config, split: Split, folds: Collection[int]) -> dict[int, str]:
    """What each fold model left out of the classes, as the manifest tells it."""
    own = split.training.where(lambda item: item.label in config.data.classes)
    return {fold: digest_of(of_folds(own, [fold])) for fold in folds}


def _draft(config: Config, split: Split, version: int, note: str) -> Manifest:
    """The manifest before anything was measured."""
    outputs = len(config.data.classes) + bool(config.data.auxiliary)
    return Manifest(
        name=config.model_name,
        version=version,
        architecture=Architecture(name=config.architecture),
        classes=list(config.data.classes),
        auxiliary=list(config.data.auxiliary),
        clip=ClipSpec(),
        files={},
        calibration=Calibration(
            temperature=1.0,
            known_score=_known_score(config),
            known_threshold=0.0,
            fitted_on="nothing: no items were held out",
        ),
        metrics=None,
        golden=Golden(seed=_GOLDEN_SEED, logits=[[0.0] * outputs], tolerance={"f32": 1.0}),
        provenance=_provenance(config, split, note),
    )


def _measured(release: Release, split: Split, config: Config) -> tuple[Manifest, Evaluation | None]:
    """The draft with golden answers and, if items were held out, calibration and figures; and what these are of."""
    draft = release.manifest.model_copy(update={"golden": _golden(release)})
    with open_exam(release, split, config.data) as exam:
        if exam is None:
            return draft, None
        calibration, evaluation = sit(exam, release, config.data.skip_bad)
    return draft.model_copy(update={"calibration": calibration, "metrics": evaluation.metrics}), evaluation


def _golden(release: Release) -> Golden:
    """What the weights themselves say, in float64."""
    spec = release.manifest.clip
    clips = torch.from_numpy(golden.draw(spec, _GOLDEN_SEED, _GOLDEN_CLIPS))
    with torch.inference_mode():
        logits = load_served(release).double()(clips)
    largest = max(1.0, logits.abs().max().item())
    tolerance: dict[Precision, float] = {name: share * largest for name, share in _TOLERANCE.items()}
    return Golden(seed=_GOLDEN_SEED, logits=logits.tolist(), tolerance=tolerance)


def _known_score(config: Config) -> KnownScore:
    return "background" if config.data.auxiliary else "max_probability"


def _check_engines(release: Release) -> None:
    """The exported graph must give the golden answers before anyone sees the release."""
    for precision in release.manifest.golden.tolerance:
        try:
            golden.check(OpenVINOEngine(release, precision), release.manifest)
        except golden.GoldenMismatch as error:
            raise TrainingError(f"the exported graph is not the network: {error}") from error


def _hashes(folder: Path, manifest: Manifest) -> dict[str, str]:
    told = [SOURCES] if (folder / SOURCES).exists() else []
    return {name: sha256_of(folder / name) for name in (*files_of(manifest), *told)}


def _provenance(config: Config, split: Split, note: str) -> Provenance:
    recipe = dataclasses.asdict(config)
    # Where the data lay on the machine that trained is nobody's business; what they were is told by the fingerprint.
    for name in PLACES:
        recipe["data"][name] = Path(recipe["data"][name]).name
    # Of runs' folders; released models' names stay as they are.
    recipe["init"] = Path(recipe["init"]).name
    recipe["teacher"]["teacher"] = ",".join(Path(name).name for name in config.teacher.names)
    return Provenance(
        trained_on=f"{_trained_on(config, split)} {note}".strip(),
        saw_all_groups=set(split.validation.groups) <= set(split.training.groups),
        epoch_rule=_EPOCH_RULE + _init_rule(config),
        recipe=recipe,
        seed=config.seed,
        data_fingerprint=fingerprint(split.training, config.data),
        code_revision=_code_revision(),
        libraries={name: version_of(name) for name in ("torch", "torchvision", "openvino", "av", "numpy")},
    )


def _init_rule(config: Config) -> str:
    share = config.init_share
    return f" They are {share:.0%} of the way back to the weights that the run began with." if share else ""


def _trained_on(config: Config, split: Split) -> str:
    own = split.training.where(lambda item: item.label in config.data.classes)
    held_out = split.protocol[0].upper() + split.protocol[1:] + _auxiliary_in_words(split, config)
    counted = f"{len(own):,} {{}} of {len(set(own.groups)):,} source videos ({Path(config.data.data).name})"
    if config.data.layout == "stills":
        return (
            f"Single frames, not videos: {counted.format('still frames')}. A virtual camera moving over one frame"
            f" made each training clip, so that the model has never seen an action move, and what it knows is what the"
            f" scene of an action looks like. {held_out}."
        )
    return f"Videos: {counted.format('videos')}. {held_out}."


def _auxiliary_in_words(split: Split, config: Config) -> str:
    if not config.data.auxiliary:
        return ""
    auxiliary = split.training.where(lambda item: item.label in config.data.auxiliary)
    videos, classes = len(set(auxiliary.groups)), len(config.data.auxiliary)
    return (
        f". Beside them, {len(auxiliary):,} more, of {videos:,} source videos of {classes} other classes, which no"
        f" answer names, so that it can tell videos of something else"
    )


def _code_revision() -> str:
    """The commit of this checkout, or "unknown" outside one."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


if __name__ == "__main__":
    main()
