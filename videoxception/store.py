"""Released models on disk: <store>/<name>/<version>/ with weights, graph, model.json and MODEL_CARD.md.

A released model is never changed after it is published, and can be copied anywhere. Publishing writes to a hidden
folder and renames it, so that a reader sees a version whole or not at all. What evaluation alone uses, the predictions
that the figures come from and the list of what was trained on, are files of it like all others.
"""

import hashlib
import logging
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from videoxception import bundled
from videoxception.manifest import FORMAT_VERSION, NAME_PATTERN, Manifest
from videoxception.nearest import did_you_mean

BUILT_IN = bundled.MODEL_STORE
DEFAULT_NAMES = ("videoxception-c", "videoxception-b", "videoxception-a")  # the first that is there
WEIGHTS, MANIFEST, CARD = "model.safetensors", "model.json", "MODEL_CARD.md"
GRAPH, INT8_GRAPH = ("graph.xml", "graph.bin"), ("graph-int8.xml", "graph-int8.bin")
SOURCES = "sources.json"  # hashes of what it was trained on; releases of before there were such lists have none
PINS = "choices.json"  # beside the models of a store: how CPUs are to run them, instead of measuring
PREDICTIONS = "predictions.safetensors"  # what its figures come from; there if anything was measured

_log = logging.getLogger(__name__)


def user_store() -> Path:
    """Return the folder of the models that a person has made: $XDG_DATA_HOME/videoxception/models.

    The default of that variable is ~/.local/share (XDG Base Directory Specification), which need not exist.
    """
    named = os.environ.get("XDG_DATA_HOME", "")
    base = named if os.path.isabs(named) else os.path.expanduser("~/.local/share")  # a relative one is to be ignored
    return Path(base, "videoxception", "models")


class StoreError(Exception):
    """A model that is not there, or a folder that is not a whole released model; the message names the file."""


class UnknownModel(StoreError):
    """No such name or version in any store."""


@dataclass(frozen=True, slots=True)
class Release:
    """A released model whose files are as they were published."""

    folder: Path
    manifest: Manifest

    @property
    def weights(self) -> Path:
        """The safetensors file."""
        return self.folder / WEIGHTS

    @property
    def graph(self) -> Path:
        """The OpenVINO graph; its constants lie in a .bin file beside it."""
        return self.folder / GRAPH[0]

    @property
    def int8_graph(self) -> Path:
        """The same for 8-bit integers; it is there if the manifest says how near its answers are."""
        return self.folder / INT8_GRAPH[0]

    @property
    def predictions(self) -> Path:
        """The predictions that its figures come from; older releases have none."""
        return self.folder / PREDICTIONS

    @property
    def sha256(self) -> str:
        """Of the weights: what tells one model from another."""
        return self.manifest.files[WEIGHTS]

    @property
    def weight_bytes(self) -> int | None:
        """How many bytes the weights take on disk; None if they are not there."""
        return self.weights.stat().st_size if self.weights.is_file() else None

    def __str__(self) -> str:
        return f"{self.manifest.name}@{self.manifest.version}"


class ModelStore:
    """Stores in the order in which they are searched: the built-in one first, then each of `more`."""

    def __init__(self, more: Sequence[Path] = (), built_in: Path = BUILT_IN) -> None:
        self._roots = (built_in, *more)

    @classmethod
    def from_path(cls, search_path: str) -> "ModelStore":
        """Return the stores in a search path like `VX_MODEL_STORE`: folders with ":" between them (";" on Windows).

        The user's own store, which need not be there, comes behind them. Raises `StoreError` if another is not there.
        """
        folders = [Path(part) for part in search_path.split(os.pathsep) if part]
        for folder in folders:
            _check_there(folder)
        return cls([*folders, user_store()])

    @property
    def pins(self) -> Path | None:
        """The first file in the stores that says how CPUs run which model (engine/kept_choices.py)."""
        return next((root / PINS for root in self._roots if (root / PINS).is_file()), None)

    def versions(self) -> dict[str, list[int]]:
        """Return the versions of each name, rising, whether or not they are whole."""
        found: dict[str, set[int]] = {}
        for name, version, _ in self._folders():
            found.setdefault(name, set()).add(version)
        return {name: sorted(found[name]) for name in sorted(found)}

    def listed(self) -> dict[tuple[str, int], Release | None]:
        """Return what each name and version is, in their order; None where model.json cannot be read.

        It is quick: the hashes of other files are not checked.
        """
        found: dict[tuple[str, int], Release | None] = {}
        for name, version, folder in self._folders():
            if (name, version) not in found:
                found[name, version] = _read_or_none(folder)
        return dict(sorted(found.items()))

    def load(self, reference: str = "") -> Release:
        """Load the released model "name@version", the newest whole version of "name", or the default one.

        Raises `UnknownModel` if there is none, and `StoreError` if what was asked for is damaged.
        """
        return next(self.candidates(reference))

    def candidates(self, reference: str = "") -> Iterator[Release]:
        """Yield the whole released models that fit, best first: one if a version is named, else from newest to oldest.

        Damaged ones are logged and passed over. Raises what `load` raises if there is none at all.
        """
        name, at, version = reference.partition("@")
        if at:
            yield self._load_version(name, version)
            return
        names = [name] if name else list(DEFAULT_NAMES)
        found, first_error = False, None
        for candidate in names:
            for number in reversed(self.versions().get(candidate, [])):
                try:
                    release = self._load_version(candidate, str(number))
                except StoreError as error:
                    _log.warning("passing over a released model: %s", error)
                    first_error = first_error or error
                else:
                    found = True
                    yield release
        if not found:
            known = self._known()
            raise first_error or UnknownModel(f"no model {' or '.join(names)} in {self}; there are {known}")

    def _load_version(self, name: str, version: str) -> Release:
        for found, number, folder in self._folders():
            if found == name and str(number) == version:
                return open_release(folder)
        raise UnknownModel(f"no model {name}@{version} in {self}; there are {self._known()}")

    def _folders(self) -> Iterator[tuple[str, int, Path]]:
        """Yield (name, version, folder) of everything in the stores that is named like a released model."""
        for root in self._roots:
            for folder in sorted(root.glob("*/*")):
                if re.fullmatch(r"[1-9][0-9]*", folder.name) and re.fullmatch(NAME_PATTERN, folder.parent.name):
                    yield folder.parent.name, int(folder.name), folder

    def _known(self) -> str:
        return ", ".join(f"{name}@{v}" for name, versions in self.versions().items() for v in versions) or "none"

    def __str__(self) -> str:
        return os.pathsep.join(str(root) for root in self._roots)


def _check_there(store: Path) -> None:
    """Raise `StoreError`, with the nearest name that there is, unless a store is a folder."""
    if store.is_dir():
        return
    missing = store.absolute()
    while not missing.parent.is_dir():
        missing = missing.parent
    there = (path.name for path in missing.parent.iterdir() if path.is_dir())
    raise StoreError(f"there is no model store {store}{did_you_mean(missing.name, there)}")


def open_release(folder: Path) -> Release:
    """Open the released model in a folder; check every file's hash. Raises `StoreError` that names the file."""
    release = _read(folder)
    for name in files_of(release.manifest):
        _check_file(folder / name, release.manifest.files.get(name))
    return release


def _read(folder: Path) -> Release:
    """Read the model.json in a folder, and nothing else. Raises `StoreError`."""
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}): not a released model, or half of one") from error
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "it"
        why = error.errors()[0]["msg"]
        raise StoreError(f"{path} is not a format {FORMAT_VERSION} model.json: {where}: {why}") from error
    if (manifest.name, str(manifest.version)) != (folder.parent.name, folder.name):
        raise StoreError(f"{path} is of {manifest.name}@{manifest.version}, which does not belong in {folder}")
    return Release(folder, manifest)


def _read_or_none(folder: Path) -> Release | None:
    try:
        return _read(folder)
    except StoreError:
        return None


def files_of(manifest: Manifest) -> tuple[str, ...]:
    """Return the files beside the manifest that a model must have."""
    int8 = INT8_GRAPH if manifest.int8 is not None else ()
    return (WEIGHTS, *GRAPH, *int8, *(name for name in (SOURCES, PREDICTIONS) if name in manifest.files))


def _check_file(path: Path, expected: str | None) -> None:
    if expected is None:
        raise StoreError(f"{path.parent / MANIFEST} gives no sha256 for {path.name}")
    try:
        actual = sha256_of(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    if actual != expected:
        raise StoreError(f"{path} is damaged: its sha256 is {actual[:16]}…, but model.json says {expected[:16]}…")


def sha256_of(path: Path) -> str:
    """Return the hash of a file's contents, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish(store: Path, name: str, write: Callable[[Path, int], None]) -> Release:
    """Release the next version of `name`: `write(folder, version)` puts the files into a hidden folder, which is then
    checked, flushed to disk and renamed. If anything fails, nothing is left behind.

    Raises `StoreError` for a name that is not allowed, or if what was written is not a whole released model.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise StoreError(f"a model's name is made of a-z, 0-9, '.', '_' and '-', but got {name!r}")
    try:
        return _publish(store, name, next_version(store, name), write)
    except OSError as error:
        raise StoreError(f"nothing can be released into {store}: {error}") from error


def copy_release(release: Release, store: Path) -> Release:
    """Copy a released model into another store, under its own name and version, as `publish` releases one.

    Raises `StoreError` if that version is there already, or nothing can be released into the store.
    """

    def write(folder: Path, version: int) -> None:
        for path in release.folder.iterdir():
            shutil.copyfile(path, folder / path.name)

    try:
        return _publish(store, release.manifest.name, release.manifest.version, write)
    except OSError as error:
        raise StoreError(f"{release} cannot be copied into {store}: {error}") from error


def withdraw(folder: Path) -> Path:
    """Take the folder of a released model, whole or damaged, out of its store by a rename; return where it lies now.

    Raises `StoreError` if it cannot be renamed.
    """
    hidden = folder.with_name(f".withdrawn-{folder.name}-{uuid.uuid4().hex[:12]}")
    try:
        return folder.rename(hidden)
    except OSError as error:
        raise StoreError(f"{folder} cannot be taken out of {folder.parent}: {error}") from error


def check_writable(store: Path) -> None:
    """Raise `StoreError` if nothing could be released into a store, which need not exist yet."""
    place = store.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise StoreError(f"nothing can be released into {store}: {place} is no folder that can be written")


def _publish(store: Path, name: str, version: int, write: Callable[[Path, int], None]) -> Release:
    home = store / name
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=home) as partial:
        # A folder of the version's own name, since a release knows its version and is checked before it is seen.
        staged = Path(partial) / name / str(version)
        staged.mkdir(parents=True)
        write(staged, version)
        open_release(staged)
        for path in staged.iterdir():
            path.chmod(0o644)  # the service seldom runs as the user who trained
            _flush(path)
        _flush(staged)
        staged.rename(home / str(version))
        _flush(home)
    return open_release(home / str(version))


def next_version(store: Path, name: str) -> int:
    """Return one more than the newest version of `name` in the store, and in those that are searched unasked."""
    return max(searched_with(store).versions().get(name, []), default=0) + 1


def searched_with(store: Path) -> ModelStore:
    """Return the stores among which a release into `store` must have a name and version of its own."""
    return ModelStore([store, user_store()])


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
