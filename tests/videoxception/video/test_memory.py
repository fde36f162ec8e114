import mmap
import resource
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from tests.videos import make_video
from videoxception.video import decoder_process
from videoxception.video.decoder_process import DecoderProcess
from videoxception.video.memory import address_space, address_space_taken, container_limit
from videoxception.video.pool import DecoderPool

GIB = 2**30


def limit_of(tmp_path: Path, groups: str, **limits: str) -> int | None:
    """What is found where /proc/self/cgroup says `groups`, and the control groups' files are `limits`."""
    (tmp_path / "process").mkdir()
    (tmp_path / "process/cgroup").write_text(groups)
    for path, content in limits.items():
        (tmp_path / "mount" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mount" / path).write_text(f"{content}\n")
    return container_limit(tmp_path / "process", tmp_path / "mount")


V1, V2 = "memory.limit_in_bytes", "memory.max"


@pytest.mark.parametrize(
    ("groups", "limits", "expected"),
    [
        ("0::/\n", {V2: "400"}, 400),  # in a container with a view of its own
        ("0::/\n", {V2: "max"}, None),
        ("0::/a.slice/b.service\n", {f"a.slice/{V2}": "300", f"a.slice/b.service/{V2}": "400"}, 300),
        ("0::/a.slice/b.service\n", {f"a.slice/{V2}": "max", f"a.slice/b.service/{V2}": "400"}, 400),
        ("0::/../../x\n", {V2: "400"}, 400),
        ("4:memory:/docker/0123\n1:cpu:/docker/0123\n", {f"memory/{V1}": "400"}, 400),  # in a container of version 1
        ("4:memory:/a\n0::/\n", {f"memory/{V1}": "9223372036854771712", f"memory/a/{V1}": "400"}, 400),
        ("4:memory:/\n", {f"memory/{V1}": "9223372036854771712"}, None),
        ("1:cpu:/a\n", {f"memory/{V1}": "400"}, None),
        ("", {}, None),
    ],
)
def test_the_lowest_limit_counts(groups: str, limits: dict[str, str], expected: int | None, tmp_path: Path) -> None:
    assert limit_of(tmp_path, groups, **limits) == expected


def test_without_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert container_limit(tmp_path, tmp_path) is None


def test_address_space_follows_the_limit() -> None:
    taken = 300 * 2**20
    assert address_space(None, taken, 1) == address_space(2**60, taken, 1) == 4 * GIB
    assert address_space(400 * 2**20, taken, 1) == 400 * 2**20
    assert address_space(800 * 2**20, taken, 2) == 500 * 2**20


@pytest.mark.parametrize("decoders", [2, 3, 8, 64])
def test_all_decoders_together_leave_half_of_the_memory(decoders: int) -> None:
    assert decoders * address_space(4 * GIB, 0, decoders) == pytest.approx(2 * GIB, abs=decoders)


def test_a_pool_tells_its_processes_how_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    in_container = "worker.container_limit = lambda: 2**30"
    hook = f"import sys; sys.path.append(sys.argv[1]); from videoxception.video import worker; {in_container}"
    monkeypatch.setattr(decoder_process, "_STARTER", f"{hook}\n{decoder_process._STARTER}")
    alone, among_four = (memory_of_a_process(DecoderPool(count)) for count in (1, 4))
    assert alone - among_four == pytest.approx((0.25 - 0.5 / 4) * GIB, rel=0.3)  # what they start with differs


def memory_of_a_process(pool: DecoderPool) -> int:
    """The limit of the address space of one of a pool's processes."""
    with pool:
        while not (pids := pool.processes):
            time.sleep(0.01)
        return resource.prlimit(pids[0], resource.RLIMIT_AS)[0]


def test_what_a_process_has_is_known() -> None:
    before = address_space_taken()
    with mmap.mmap(-1, 64 * 2**20):
        assert address_space_taken() >= before + 64 * 2**20


def test_without_proc_nothing_is_known_to_be_taken(tmp_path: Path) -> None:
    assert address_space_taken(tmp_path) == 0


def test_a_decoder_is_killed_before_the_service() -> None:
    process = DecoderProcess()
    try:
        assert Path(f"/proc/{process.pid}/oom_score_adj").read_text() == "1000\n"
    finally:
        process.close()


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize(("codec", "frames"), [("libx264", 8), ("libvpx-vp9", 3), ("mjpeg", 3)])
def test_a_lack_of_memory_is_not_taken_for_damage(codec: str, frames: int, planned: bool, tmp_path: Path) -> None:
    """Or else the same file would get another answer on a fuller machine."""
    options = {"preset": "ultrafast", "cpu-used": "8", "deadline": "realtime"}
    pixel_format = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    video = make_video(tmp_path / "a.mkv", codec, frames, size=(3840, 2160), pixel_format=pixel_format, options=options)
    assert outcome_with_little_memory(video, planned) == "too little\n"


def test_a_stream_is_not_passed_over_for_a_lack_of_memory(tmp_path: Path) -> None:
    options = {"preset": "ultrafast"}
    large = make_video(tmp_path / "large.mkv", "libx264", 8, size=(3840, 2160), options=options)
    small = make_video(tmp_path / "small.mkv", "libx264", 8, size=(64, 64), options=options)
    both = tmp_path / "both.mkv"
    with av.open(str(both), "w") as output, av.open(str(large)) as first, av.open(str(small)) as second:
        written = [output.add_stream_from_template(part.streams.video[0]) for part in (first, second)]
        for part, stream in zip((first, second), written, strict=True):
            for packet in part.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    output.mux(packet)
    assert outcome_with_little_memory(both, True) == "too little\n"


def outcome_with_little_memory(video: Path, planned: bool) -> str:
    """What is printed by a process that decodes a video with 20 MiB: its warnings, or that this is too little."""
    script = f"""
import resource, sys
from pathlib import Path
from videoxception.clip import ClipSpec
from videoxception.video import decode, worker
from videoxception.video.memory import address_space, address_space_taken
worker._import_everything()
most = address_space({20 * 2**20}, address_space_taken(), 1)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
try:
    print(decode(Path({str(video)!r}), ClipSpec(), planned={planned}).warnings)
except MemoryError:
    print("too little")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout
