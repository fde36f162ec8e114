"""A trial of the fused kernels in a process of its own.

A kernel that never ends, or that touches memory which is not its own, spoils the GPU for the process that runs it, so
that no other engine could take over there.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from videoxception import golden
from videoxception.engine.base import EngineError, FloatPrecision, Unsuitable
from videoxception.manifest import Manifest
from videoxception.store import Release

_PACKAGES = str(Path(__file__).parent.parent.parent)
_START = "import sys; sys.path.append(sys.argv[1]); from videoxception.engine.cuda_trial import main; main()"
_COMMAND = (sys.executable, "-c", _START, _PACKAGES)
_SECONDS = 300.0  # compiling the kernels for the first time takes part of a minute
_UNSUITABLE = 3  # exit status


def try_apart(
    release: Release,
    device: str,
    precision: FloatPrecision,
    command: Sequence[str] = _COMMAND,
    seconds: float = _SECONDS,
) -> None:
    """Let another process create the fused engine and check its golden answers.

    Raises:
        Unsuitable: The kernels were not made for this card.
        EngineError: The process failed, crashed or took too long.
    """
    arguments, manifest = [str(release.folder), device, precision], release.manifest.model_dump_json()
    try:
        done = subprocess.run(
            [*command, *arguments], input=manifest, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"a trial took longer than {seconds:g} s") from None
    if done.returncode == _UNSUITABLE:
        raise Unsuitable(done.stderr.strip())
    if done.returncode != 0:
        last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise EngineError(f"a trial ended with status {done.returncode}: {last}")


def main() -> None:
    """Run the trial of the model in a folder, whose manifest is read from standard input."""
    from videoxception.engine.cuda_card import Card
    from videoxception.engine.cuda_fused import FusedEngine

    *_, folder, device, precision = sys.argv
    release = Release(Path(folder), Manifest.model_validate_json(sys.stdin.read()))
    try:
        engine = FusedEngine.load(release, Card(device), precision)  # type: ignore[arg-type]
    except Unsuitable as reason:
        print(reason, file=sys.stderr)
        sys.exit(_UNSUITABLE)
    golden.check(engine, release.manifest)
