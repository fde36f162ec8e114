"""What is decided, done: the new version goes into the service's store, or is taken out of the stores.

A running service sees either within VX_RELOAD seconds.
"""

from pathlib import Path

from videoxception.canary.pairs import CanaryError
from videoxception.store import ModelStore, Release, UnknownModel, copy_release, searched_with, withdraw


def promote(base: str, candidate: str, store: Path, candidates: Path | None) -> str:
    """Copy the candidate into the service's store, if it is not there, and return what was done.

    Raises:
        CanaryError: the service would not answer with it by that.
        StoreError: it is not there, is damaged, or cannot be copied.
    """
    (old, _, _), (name, _, version) = base.partition("@"), candidate.partition("@")
    if name != old:
        raise CanaryError(f"{candidate} is no version of {old}: set VX_MODEL={name} and start the service again")
    there = searched_with(store).versions().get(name, [])
    if int(version) in there:
        return f"{candidate} is in {store} already; the service answers with it unless VX_MODEL names another version"
    if there and max(there) > int(version):
        raise CanaryError(
            f"{store} has {name}@{max(there)}, and the newest version answers; release {candidate} again, after it"
        )
    copied = copy_release(_found(candidate, candidates), store)
    return f"copied {candidate} to {copied.folder}; the service answers with it within VX_RELOAD seconds"


def roll_back(candidate: str, store: Path, candidates: Path | None) -> str:
    """Take the candidate out of the service's store and out of that of candidates; return what was done.

    Raises:
        CanaryError: it is in neither.
        StoreError: it is damaged, or cannot be renamed.
    """
    found = [_find(candidate, folder) for folder in dict.fromkeys((store, candidates)) if folder is not None]
    hidden = [withdraw(release) for release in found if release is not None]
    if not hidden:
        raise CanaryError(f"{candidate} is in none of {', '.join(str(f) for f in (store, candidates) if f)}")
    return f"took {candidate} out; its files lie in {' and '.join(map(str, hidden))}"


def _found(candidate: str, candidates: Path | None) -> Release:
    if candidates is None:
        raise CanaryError(f"name the store that {candidate} lies in by --candidates")
    return ModelStore(built_in=candidates).load(candidate)


def _find(candidate: str, folder: Path) -> Release | None:
    try:
        return ModelStore(built_in=folder).load(candidate)
    except UnknownModel:
        return None
