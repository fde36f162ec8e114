"""Read `model.json` of format 1: what format 2 says, partly under other names, and what is no longer kept.

Format 1 listed the weights of fold models among the files, each fold with a hash of its items, and p-values among the
figures. Nobody reads these any more, so that the files need not be there.
"""

import re

_RENAMED = {
    "others": "auxiliary",
    "outsiders": "ood",
    "crosswise": "cross_fitted",
    "mean_of_pictures": "mean_of_frames",
    "middle_picture": "middle_frame",
}
_DROPPED = {"p_value"}
_FOLD_WEIGHTS = re.compile(r"fold-\d+\.safetensors")
_AS_WRITTEN = {"recipe", "per_class"}  # what a run was asked for, in its own words; and names of classes


def upgraded(manifest: dict[str, object]) -> dict[str, object]:
    """Return the fields of a manifest of format 1 by the names of format 2."""
    found = {**_renamed(manifest), "format_version": 2}
    if isinstance(folds := found.get("folds"), dict):
        found["folds"] = sorted(map(int, folds))
    if isinstance(files := found.get("files"), dict):
        found["files"] = {name: digest for name, digest in files.items() if not _FOLD_WEIGHTS.fullmatch(name)}
    return found


def _renamed(fields: dict[str, object]) -> dict[str, object]:
    return {
        _RENAMED.get(name, name): value if name in _AS_WRITTEN else _inside(value)
        for name, value in fields.items()
        if name not in _DROPPED
    }


def _inside(value: object) -> object:
    return _renamed(value) if isinstance(value, dict) else value
