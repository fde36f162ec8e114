"""Say where a run's weights come from: data, recipe, seed, code and libraries."""

import dataclasses
import subprocess
from dataclasses import replace
from importlib.metadata import version as version_of
from pathlib import Path

from training.config.data import PLACES
from training.config.schema import Config
from training.data.fingerprint import fingerprint
from training.data.readers.image_folder import is_still
from training.data.splits import Split
from training.model.pretrained import describe_pretrained
from training.names import as_text
from videoxception.bundled import ROOT
from videoxception.manifest import Provenance

_EPOCH_RULE = "The weights are the running average at the end of the last epoch; no epoch was chosen by looking."


def provenance_of(config: Config, split: Split, note: str) -> Provenance:
    """Describe a run: its recipe, its data in words, and what made it. `note` is added to the words on the data."""
    recipe = dataclasses.asdict(config)
    # Where the data lay on the machine that trained is private; the fingerprint says what they were.
    for name in PLACES:
        recipe["data"][name] = as_text(Path(recipe["data"][name]).name)
    # Of runs' folders; released models' names stay as they are.
    recipe["init"] = _shortened(config.init)
    recipe["pretrained"] = Path(recipe["pretrained"]).name
    recipe["teacher"]["teacher"] = ",".join(_shortened(name) for name in config.teacher.names)
    return Provenance(
        trained_on=f"{_trained_on(config, split)} {note}".strip(),
        saw_all_groups=set(split.validation.groups) <= set(split.training.groups),
        epoch_rule=_EPOCH_RULE + _init_rule(config),
        recipe=recipe,
        seed=config.seed,
        data_fingerprint=fingerprint(split.training, config.data),
        code_revision=_code_revision(),
        libraries={name: version_of(name) for name in ("torch", "torchvision", "openvino", "av", "numpy")},
        pretrained=pretrained_in_words(config),
    )


def _shortened(run: str) -> str:
    """Return the last two parts of a run's folder, since all of cross_validate's are named alike."""
    return "/".join(Path(run).parts[-2:])


def pretrained_in_words(config: Config) -> str:
    """Say which published weights are behind a run, and behind its teachers where those are others."""
    own = describe_pretrained(config)
    teachers = (replace(config, init=name, pretrained="auto") for name in config.teacher.names)
    taught = {describe_pretrained(teacher) for teacher in teachers} - {own, ""}
    others = [f"taught by a model that began with {each}" for each in sorted(taught)]
    return "; ".join([own or "weights drawn by chance", *others]) if others else own


def _init_rule(config: Config) -> str:
    share = config.init_share
    return f" They are {share:.0%} of the way back to the weights that the run began with." if share else ""


def _trained_on(config: Config, split: Split) -> str:
    own = split.training.where(lambda item: item.label in config.data.classes)
    held_out = split.protocol[0].upper() + split.protocol[1:] + _auxiliary_in_words(split, config)
    if config.data.layout == "own":
        stills = len(own.where(lambda item: is_still(item.path)))
        kinds = f"{len(own) - stills:,} videos and {stills:,} stills" if stills else f"{len(own):,} videos"
        return f"One person's own clips: {kinds} of {len(set(own.groups)):,} source videos. {held_out}."
    counted = f"{len(own):,} {{}} of {len(set(own.groups)):,} source videos ({as_text(Path(config.data.data).name)})"
    if config.data.layout == "stills":
        return (
            f"Single frames, not videos: {counted.format('still frames')}. {_shown(config)}, so that the model has"
            f" never seen an action move, and what it knows is what the scene of an action looks like. {held_out}."
        )
    return f"Videos: {counted.format('videos')}. {held_out}."


def _shown(config: Config) -> str:
    """Say what became of a still in training."""
    if config.frozen.views:
        return f"Each was seen in {config.frozen.views} views"
    return "A virtual camera moving over one frame made each training clip"


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
    """Return the commit of this checkout; of an installed package, its version; else "unknown"."""
    if ROOT.name == "_bundled":
        return f"videoxception {version_of('videoxception')}"
    command = [
        "git",
        "--no-optional-locks",
        "-C",
        str(Path(__file__).parent),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=40",
        "--exclude=*",
    ]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
