"""What is decided, done: the new version goes into the service's store, or is taken out of the stores.

A running service sees either within VX_RELOAD seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from videoxception.canary.pairs import CanaryError
from videoxception.store import WEIGHTS, ModelStore, Release, copy_release, searched_with, withdraw


@dataclass(frozen=True, slots=True)
class Judged:
    """What was judged (name@version): the model that answers, the candidate, and how the hash of the latter's weights
    begins, as far as that is known.
    """

    base: str
    candidate: str
    weights: str = ""


def promote(judged: Judged, store: Path, candidates: Path | None) -> str:
    """Copy the candidate into the service's store, if it is not there, and return what was done.

    Raises:
        CanaryError: the service would not answer by that with what was judged.
        StoreError: the candidate is not there, is damaged, or cannot be copied.
    """
    candidate, searched = judged.candidate, searched_with(store)
    (old, _, _), (name, _, version) = judged.base.partition("@"), candidate.partition("@")
    if name != old:
        raise CanaryError(f"{candidate} is no version of {old}: set VX_MODEL={name} and start the service again")
    there = searched.versions().get(name, [])
    if int(version) in there:
        _check_weights(searched.load(candidate), judged)
        return f"{candidate} is there already; the service answers with it unless VX_MODEL names another version"
    if there and max(there) > int(version):
        raise CanaryError(
            f"{store} has {name}@{max(there)}, and the newest version answers; release {candidate} again, after it"
        )
    if candidates is None:
        raise CanaryError(f"name the store that {candidate} lies in by --candidates")
    release = ModelStore(built_in=candidates).load(candidate)
    _check_weights(release, judged)
    return f"copied to {copy_release(release, store).folder}; the service answers with it within VX_RELOAD seconds"


def roll_back(judged: Judged, store: Path, candidates: Path | None) -> str:
    """Take the candidate, whole or damaged, out of the service's store and out of that of candidates.

    Args:
        judged: What was judged.
        store: The service's store.
        candidates: The store of candidates, if there is one.

    Returns:
        What was done.

    Raises:
        CanaryError: it is in neither, or its model.json says that its weights are others than were judged.
        StoreError: it cannot be renamed.
    """
    stores = [each for each in dict.fromkeys((store, candidates)) if each is not None]
    found = [folder for each in stores for folder in _found(judged, each)]
    if not found:
        raise CanaryError(f"{judged.candidate} is not in {' or '.join(map(str, stores))}")
    return f"took {judged.candidate} out; its files lie in {' and '.join(str(withdraw(folder)) for folder in found)}"


def _found(judged: Judged, store: Path) -> Iterator[Path]:
    """Yield the candidate's folder in a store, if there is one. Raise `CanaryError` if it has other weights."""
    for (name, version), release in ModelStore(built_in=store).listed().items():
        if f"{name}@{version}" == judged.candidate:
            if release is not None:  # else its model.json is damaged, and no service answers with it
                _check_weights(release, judged)
            yield store / name / str(version)


def _check_weights(release: Release, judged: Judged) -> None:
    """Raise `CanaryError` if a release has the version that was judged, but other weights."""
    sha256 = release.manifest.files.get(WEIGHTS, "")  # a damaged model.json may name none
    if sha256 and not sha256.startswith(judged.weights):
        raise CanaryError(
            f"{release.folder} has other weights ({sha256[: len(judged.weights)]}) than those that were judged"
            f" ({judged.weights}); nothing was changed"
        )
