"""Where own models are released to, under which names, and which runs have been released."""

import json
from collections.abc import Collection
from pathlib import Path

from training.atomic_write import write_atomically
from training.errors import TrainingError
from videoxception.store import Release, searched_with

STORE_HELP = (
    "model store to release into (default: your own, $XDG_DATA_HOME/videoxception/models, which the service searches"
    " unasked)"
)
_MARK = "released.json"


def check_name(store: Path, name: str, classes: Collection[str]) -> None:
    """Raise `TrainingError` if the newest model of this name, in any store that is searched, has other classes."""
    versions = [release for (known, _), release in searched_with(store).listed().items() if known == name and release]
    if not versions:
        return
    newest = versions[-1]
    if differing := sorted(set(newest.manifest.classes) ^ set(classes)):
        raise TrainingError(
            f"--name {name}: {newest} in {newest.folder} has other classes ({len(differing)} differ, such as"
            f" {differing[0]}); give this model a name of its own"
        )


def mark_released(run: Path, release: Release) -> None:
    """Note in a run's folder what it was released as, so that a run that was killed before is known."""
    write_atomically(run / _MARK, json.dumps({"release": str(release), "folder": str(release.folder)}).encode())


def released_as(run: Path) -> str | None:
    """Return what a run was released as, or None if it was not, or if that is gone."""
    try:
        saved = json.loads((run / _MARK).read_text())
        return str(saved["release"]) if Path(saved["folder"]).is_dir() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
