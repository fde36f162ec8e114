"""`model.json` of format 1, as models were released before format 2: the same content, some of it under other names."""

_RENAMED = {
    "others": "auxiliary",
    "outsiders": "ood",
    "crosswise": "cross_fitted",
    "mean_of_pictures": "mean_of_frames",
    "middle_picture": "middle_frame",
}
_AS_WRITTEN = {"recipe", "per_class"}  # what a run was asked for, in its own words; and names of classes


def upgraded(manifest: dict[str, object]) -> dict[str, object]:
    """Return the fields of a manifest of format 1 by the names of format 2."""
    return {**_renamed(manifest), "format_version": 2}


def _renamed(fields: dict[str, object]) -> dict[str, object]:
    return {
        _RENAMED.get(name, name): value if name in _AS_WRITTEN else _inside(value) for name, value in fields.items()
    }


def _inside(value: object) -> object:
    return _renamed(value) if isinstance(value, dict) else value
