"""No process of ours looks up a host, and none writes under the home folder but where the documents say."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.service import process
from tests.training.conftest import CLASSES, make_stills
from tests.videos import make_video
from videoxception.clip import ClipSpec
from videoxception.video import decoder_process
from videoxception.video.pool import DecoderPool

ROOT = Path(__file__).parent.parent
# Run first in a process, this notes what it looks up or connects to, and what it opens to write or makes.
WATCH = """
import os, sys
_LOG = os.open({log!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def _note(event, arguments):
    asked = event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.sendto")
    written = event == "os.mkdir" or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if asked or written:
        try:
            os.write(_LOG, f"{{'asked' if asked else 'written'}} {{arguments}}\\n".encode())
        except OSError:
            pass  # in a decoder that has locked itself in, and can reach nothing any more
sys.addaudithook(_note)
"""
OURS = ("app", "training", "videoxception", "benchmarks")
CACHES = ".cache/videoxception"


class Watched:
    """A fresh home folder, the environment of processes that have it, and what they did."""

    def __init__(self, folder: Path) -> None:
        self.home, self._log = folder / "home", folder / "log"
        self.home.mkdir()
        (folder / "sitecustomize.py").write_text(self.hook)
        self.settings = {"HOME": str(self.home), "PYTHONPATH": f"{folder}:{ROOT}"}

    @property
    def hook(self) -> str:
        return WATCH.format(log=str(self._log))

    def run(self, *arguments: str) -> None:
        """Run Python to a good end in an empty folder beside the home."""
        work = self.home.parent / "work"
        work.mkdir()
        command = [sys.executable, *arguments]
        environment = os.environ | self.settings
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    @property
    def asked(self) -> list[str]:
        """Look-ups of hosts and connections, but for those of this machine."""
        lines = [line for line in self.lines if line.startswith("asked")]
        return [line for line in lines if "'127.0.0.1'" not in line]

    @property
    def written_in_home(self) -> set[str]:
        """Files and folders in the home: those that are there, and those that Python code made and removed again."""
        noted = {name for line in self.lines for name in line.split("'") if name.startswith(f"{self.home}/")}
        there = {*self.home.rglob("*"), *map(Path, noted)}
        return {path.relative_to(self.home).as_posix() for path in there}

    @property
    def lines(self) -> list[str]:
        lines = self._log.read_text().splitlines()
        assert lines, "the watch was not there"
        return lines


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    for name in ("CI", "MPLCONFIGDIR"):
        monkeypatch.delenv(name, raising=False)
    return Watched(tmp_path)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("video") / "clip.mp4", "libx264", 20)


def outside(names: set[str]) -> set[str]:
    """Names in the home that the documents do not give."""
    return {name for name in names if not f"{name}/".startswith(f"{CACHES}/") and name != ".cache"}


def test_the_watch_sees_what_it_should(watched: Watched) -> None:
    script = "import os, socket; open(os.path.expanduser('~/id'), 'w'); socket.getaddrinfo('localhost', 443)"
    watched.run("-c", f"{script}; os.remove(os.path.expanduser('~/id'))")
    assert len(watched.asked) == 1
    assert outside(watched.written_in_home) == {"id"}


@pytest.mark.parametrize("package", OURS)
def test_openvino_finds_no_telemetry_once_a_package_of_ours_is_there(package: str, watched: Watched) -> None:
    watched.run("-c", f"import {package}, openvino; open('done', 'w'); assert openvino.convert_model")
    assert (watched.asked, watched.written_in_home) == ([], set())


def test_the_service(watched: Watched, video: Path) -> None:
    with process(**watched.settings) as (service, address):
        assert httpx.post(f"{address}/predict", content=video.read_bytes(), timeout=60).status_code == 200
        service.terminate()
        service.wait()
    assert watched.asked == []
    assert outside(watched.written_in_home) == set()


def test_a_decoder(watched: Watched, video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not told where the home is; so nothing at all may be written, but for what it asks of the kernel."""
    canary = "os.open(os.devnull, os.O_WRONLY)"
    monkeypatch.setattr(decoder_process, "_STARTER", f"{watched.hook}{canary}\n{decoder_process._STARTER}")
    with DecoderPool(1) as pool:
        assert pool.decode(video, ClipSpec()).frames.any()
    on_disk = [line for line in watched.lines if "'/proc/self/oom_score_adj'" not in line]
    assert len(on_disk) == 1
    assert os.devnull in on_disk[0]


def test_the_command_line(watched: Watched, video: Path) -> None:
    watched.run("-c", "from videoxception.cli import main; main()", "predict", str(video), "--device", "cpu")
    assert watched.asked == []
    assert outside(watched.written_in_home) == set()


def test_the_trainer(watched: Watched, tmp_path: Path) -> None:
    """With what it draws and exports."""
    (tmp_path / "data").mkdir()
    data = make_stills(tmp_path / "data", 1)
    options = ["--layout", "stills", "--data", str(data), "--classes", ",".join(CLASSES)]
    options += ["--groups", "FOLDS.tsv:video", "--fold", "1", "--name", "toy", "--stages", "1x1x32x8", "--no-int8"]
    options += ["--store", "store"]
    watched.run("-m", "training.run", *options, "--device", "cpu")
    assert watched.asked == []
    assert outside(watched.written_in_home) == set()
