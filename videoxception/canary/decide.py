"""What is decided, done: the new version goes into the service's store, or is taken out of the stores.

A running service sees either within VX_RELOAD seconds.
"""

from dataclasses import dataclass
from pathlib import Path

from videoxception.canary.pairs import CanaryError
from videoxception.store import ModelStore, Release, UnknownModel, copy_release, searched_with, withdraw


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
    """Take the candidate out of the service's store and out of that of candidates; return what was done.

    Raises:
        CanaryError: it is in neither, or has other weights than were judged.
        StoreError: it is damaged, or cannot be renamed.
    """
    folders = [folder for folder in dict.fromkeys((store, candidates)) if folder is not None]
    found = [release for folder in folders if (release := _find(judged.candidate, folder)) is not None]
    if not found:
        raise CanaryError(f"{judged.candidate} is not in {' or '.join(map(str, folders))}")
    for release in found:
        _check_weights(release, judged)
    return f"took {judged.candidate} out; its files lie in {' and '.join(str(withdraw(release)) for release in found)}"


def _find(candidate: str, folder: Path) -> Release | None:
    try:
        return ModelStore(built_in=folder).load(candidate)
    except UnknownModel:
        return None


def _check_weights(release: Release, judged: Judged) -> None:
    """Raise `CanaryError` if a release has the version that was judged, but other weights."""
    if not release.sha256.startswith(judged.weights):
        raise CanaryError(
            f"{release.folder} has other weights ({release.sha256[: len(judged.weights)]}) than those that were judged"
            f" ({judged.weights}); nothing was changed"
        )
