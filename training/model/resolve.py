"""What --init and --teacher name: the folder of a run, or else a released model."""

from pathlib import Path

from training.errors import TrainingError
from videoxception.store import ModelStore, Release, StoreError


def resolve_trained(name: str, store: ModelStore | None = None) -> Path | Release:
    """Return a run's folder if there is one of that name, else the model NAME[@VERSION]. Raises `TrainingError`."""
    if (folder := Path(name)).is_dir():
        return folder
    try:
        return (store or ModelStore.from_path("")).load(name)
    except StoreError as error:
        raise TrainingError(
            f"--init and --teacher take a run's folder or a released model; {name} is neither: {error}"
        ) from error
