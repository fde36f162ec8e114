"""A download over HTTP that resumes where it stopped: after a cut connection, and after the process was killed."""

import hashlib
import re
import time
from pathlib import Path

import httpx

from training.fetch.catalog import FetchError, Source
from training.fetch.disk import check_space
from training.progress import byte_bar

_TRIES = 5  # in a row that bring nothing new
_PAUSE = 1.0  # seconds before the second try, then twice as long each time
_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)$")


class _Cut(Exception):
    """The server stopped short, or is busy: worth another try."""


def new_client() -> httpx.Client:
    """Return a client that follows redirects and gives up on a server that is silent for half a minute."""
    return httpx.Client(follow_redirects=True, timeout=30, headers={"Accept-Encoding": "identity"})


def download(client: httpx.Client, source: Source, folder: Path) -> Path:
    """Return the file in `folder`, downloaded unless it is there. Until it is whole it is called NAME.part.

    Size and hash are checked where they are known, the server's own size always. Raises `FetchError`.
    """
    path = folder / source.name
    if path.is_file():
        _verify(path, source)
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{source.name}.part"
    _fetch(client, source, part)
    try:
        _verify(part, source)
    except FetchError:
        part.unlink()  # or the next run would go on with it
        raise
    _tag_of(part).unlink(missing_ok=True)
    part.rename(path)
    return path


def _fetch(client: httpx.Client, source: Source, part: Path) -> None:
    """Try until the file is whole, as long as tries bring something new."""
    failures, most = 0, _size(part)
    while True:
        try:
            return _try(client, source, part)
        except (httpx.TransportError, _Cut) as error:
            failures = 0 if _size(part) > most else failures + 1
            most = max(most, _size(part))
            if failures == _TRIES:
                raise FetchError(
                    f"{source.url} cannot be downloaded: {error}; run this again to go on, or get the file by other"
                    f" means and put it at {part.with_suffix('')}"
                ) from error
            time.sleep(_PAUSE * 2 ** max(0, failures - 1))


def _try(client: httpx.Client, source: Source, part: Path) -> None:
    """Request what is missing. Returns when the file is whole; raises `_Cut` or a transport error if not."""
    there = _size(part)
    with client.stream("GET", source.url, headers=_headers(part, there)) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _past_the_end(response, part, there)
        start, total = _extent(response, source, there)
        check_space(part.parent, (total or 0) - start)
        if start == 0:
            _tag_of(part).write_text(response.headers.get("etag", ""))
        with part.open("ab" if start else "wb") as file, byte_bar(source.name, total, start) as advance:
            for chunk in response.iter_raw():
                file.write(chunk)
                advance(len(chunk))
    if total is not None and _size(part) != total:
        raise _Cut(f"the server sent {_size(part):,} of {total:,} bytes")


def _headers(part: Path, there: int) -> dict[str, str]:
    """Ask for the rest of what is there; of a file that has changed since, for all of it."""
    if there == 0:
        return {}
    tag = _tag_of(part).read_text() if _tag_of(part).is_file() else ""
    strong = {"If-Range": tag} if tag.startswith('"') else {}
    return {"Range": f"bytes={there}-", **strong}


def _extent(response: httpx.Response, source: Source, there: int) -> tuple[int, int | None]:
    """Return where in the file the answer begins, and the size of the whole file if the server gives it."""
    total: int | None
    status, matched = response.status_code, _RANGE.match(response.headers.get("content-range", ""))
    if status >= 500 or status == httpx.codes.TOO_MANY_REQUESTS:
        raise _Cut(f"the server answers {status} {response.reason_phrase}")
    if status == httpx.codes.PARTIAL_CONTENT and matched and matched[1] is not None:
        start, total = int(matched[1]), int(matched[2])
    elif status == httpx.codes.OK:
        length = response.headers.get("content-length")
        start, total = 0, None if length is None else int(length)
    else:
        raise FetchError(f"{source.url}: the server answers {status} {response.reason_phrase}; is the address right?")
    if start not in (0, there):
        raise FetchError(f"{source.url}: asked for bytes from {there:,}, the server sends those from {start:,}")
    if source.size is not None and total not in (None, source.size):
        raise FetchError(f"{source.url} has {total:,} bytes, but {source.size:,} are expected: it is another file")
    return start, total


def _past_the_end(response: httpx.Response, part: Path, there: int) -> None:
    """Accept that the server has no more bytes: the file is whole, or what is there is not the beginning of it."""
    matched = _RANGE.match(response.headers.get("content-range", ""))
    if matched and int(matched[2]) == there:
        return
    part.unlink()
    raise _Cut("the server has fewer bytes than it told before")


def _verify(path: Path, source: Source) -> None:
    """Raise `FetchError` if the file has not the size and the hash that are known."""
    if source.size is not None and _size(path) != source.size:
        raise FetchError(f"{path} has {_size(path):,} bytes, not {source.size:,} as expected; delete it, and run again")
    if source.sha256 is not None:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != source.sha256:
            raise FetchError(
                f"{path} is not the file that is expected (sha256 {found}); delete it, and run again or name another"
                f" address"
            )


def _tag_of(part: Path) -> Path:
    """Return the path of the server's tag of the version that a part is of."""
    return part.with_name(f"{part.name}.tag")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
