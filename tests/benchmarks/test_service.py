"""The service benchmark's own logic: its client and load against a small server, and its arithmetic."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.service.agreement import Answer, ask, compare
from benchmarks.service.ceiling import answer_all
from benchmarks.service.client import Connection, Request, prepare
from benchmarks.service.contestants import LIT_OURS, NAIVE, OURS, Contestant, contestants
from benchmarks.service.load import Outcome, closed_loop, drive, open_loop, passes
from benchmarks.service.measuring import Measurement, measure, percentiles, summary
from benchmarks.service.paired import CEILING, Turn, paused, ratio
from benchmarks.service.plots import draw
from benchmarks.service.report import Report, load_table, round_table
from benchmarks.service.running import NotRunning, run
from benchmarks.service.usage import cpu_seconds, memory, tree
from benchmarks.service.visit import Plan, Visit, visit
from tests.videos import make_video
from tests.waiting import until

SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"label": "Punch", "probabilities": {"Punch": 1.0}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def requests(tmp_path: Path) -> list[Request]:
    for name in ("a.avi", "b.mp4", "c.mp4"):
        (tmp_path / name).write_bytes(name.encode() * 100_000)
    return [prepare(path) for path in sorted(tmp_path.iterdir())]


@contextmanager
def server(
    status: int = 200, delay: float = 0.0, headers: dict[str, str] | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """A port that answers each POST, and the bodies that came."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(delay)
            self.send_response(status)
            for name, value in ({"Content-Length": "2"} | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as up:
        up.daemon_threads = True
        threading.Thread(target=up.serve_forever, daemon=True).start()
        try:
            yield up.server_port, bodies
        finally:
            up.shutdown()


def test_a_file_arrives_whole_and_the_connection_is_kept(
    requests: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, connect = [], socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda *given, **how: made.append(given) or connect(*given, **how))
    with server() as (port, bodies), Connection(port) as connection:
        for request in requests:
            response = connection.send(request)
            assert (response.status, response.body) == (200, b"{}")
    assert len(made) == 1
    assert b"b.mp4" * 100_000 in bodies[1]
    assert b'name="file"; filename="clip.mp4"' in bodies[1]


def test_a_connection_that_was_closed_is_made_again(requests: list[Request]) -> None:
    with server(headers={"Connection": "close"}) as (port, bodies):
        connection = Connection(port)
        assert [connection.send(requests[0]).status for _ in range(3)] == [200] * 3
    assert len(bodies) == 3
    with pytest.raises(ConnectionRefusedError):
        connection.send(requests[0])


def test_passes_hold_every_item_once_and_are_the_same_for_a_seed() -> None:
    drawn = list(islice(passes("abc", 1), 9))
    assert [sorted(drawn[n : n + 3]) for n in (0, 3, 6)] == [["a", "b", "c"]] * 3
    assert drawn == list(islice(passes("abc", 1), 9))


def test_a_closed_loop_ends_with_a_pass_and_keeps_its_senders_busy(requests: list[Request]) -> None:
    with server(delay=0.02) as (port, _):
        start = time.monotonic()
        outcomes = drive(port, closed_loop(requests, 0.2, 0), 4)
    assert len(outcomes) % len(requests) == 0
    assert all(outcome.status == 200 and outcome.seconds >= 0.02 for outcome in outcomes)
    assert sum(outcome.seconds for outcome in outcomes) > 1.5 * (time.monotonic() - start - 0.5)


def test_waiting_for_a_free_sender_counts_in_an_open_loop(requests: list[Request]) -> None:
    with server(delay=0.05) as (port, _):
        told: list[Outcome] = []
        outcomes = drive(port, open_loop(requests, 200, 10, 0), 1, told.append)
    assert len(outcomes) == len(told) == 10
    assert outcomes[-1].seconds > 0.3


def test_arrivals_of_an_open_loop_come_at_the_rate_asked_for(requests: list[Request]) -> None:
    due = [arrival.due for arrival in open_loop(requests, 100, 2000, 0)]
    steps = np.diff(np.array(due, float))
    assert len(due) == 2000
    assert 0.009 < steps.mean() < 0.011
    assert 0.9 < steps.std() / steps.mean() < 1.1


def test_a_port_where_nobody_listens_gives_errors_and_no_exception(requests: list[Request]) -> None:
    with server() as (port, _):
        pass
    assert {outcome.status for outcome in drive(port, closed_loop(requests, 0.01, 0), 2)} == {0}


def test_percentiles_and_rates_are_those_of_answers_alone() -> None:
    good = [Outcome(due=n, done=n + (n + 1) / 100, status=200) for n in range(100)]
    found = summary("x", "open", 0.5, [*good, Outcome(0, 50, 503)], cpu=2.0, client_cpu=0.1, peak=2**20)
    assert percentiles([outcome.seconds for outcome in good]) == pytest.approx((0.505, 0.9505, 0.9901))
    assert (found.answers, found.errors, found.peak) == (100, 1, 1)
    assert (found.p50, found.cpu, found.client_cpu) == pytest.approx((505, 20, 1))
    assert found.throughput == pytest.approx(1)
    with pytest.raises(RuntimeError, match="answered none of 1"):
        summary("x", "open", 0.5, [Outcome(0, 50, 503)], 0, 0, 0)


def test_cpu_and_memory_of_children_count_also_when_they_are_gone() -> None:
    before, size = cpu_seconds(os.getpid()), memory(os.getpid())
    busy = "import time; held = b'x' * 50_000_000\nwhile time.process_time() < 0.3: pass\nprint(1, flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    assert child.pid in tree(os.getpid())
    assert memory(os.getpid()) - size > 40_000_000
    child.communicate(b"\n")
    assert cpu_seconds(os.getpid()) - before > 0.25


def test_a_contestant_is_visited_and_ends(requests: list[Request], tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    plan = Plan((1, 2), (0.1,), closed=0.01, opened=0.01, rounds=1, nth=1)
    seen = visit(Contestant("small", [sys.executable, str(script), "{port}"]), requests, plan)
    assert [measured.shown_load for measured in seen.measurements] == [
        "closed, 1 senders",
        "closed, 2 senders",
        "open, 10%",
    ]
    assert seen.answers["a.avi"] == Answer("Punch", {"Punch": 1.0})
    assert seen.best.loop == "closed"
    assert not any(str(script) in command for command in _commands())
    draw([seen], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000


def _commands() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text())
        except OSError:
            continue
    return found


def test_a_contestant_that_dies_is_named_with_its_last_words(requests: list[Request]) -> None:
    with pytest.raises(NotRunning, match=r"(?s)broken did not come up.*no such thing"):
        run(Contestant("broken", [sys.executable, "-c", "raise SystemExit('no such thing')"]), requests[0]).__enter__()


def test_everyone_is_told_to_use_the_same_model_and_nothing_is_remembered() -> None:
    everyone = contestants("m@1", "python-of-peers")
    assert {each.environment(1)["VX_MODEL"] for each in everyone} == {"m@1"}
    assert everyone[0].environment(7)["VX_PORT"] == "7"
    assert everyone[0].environment(7)["VX_ANSWER_CACHE"] == "0"
    assert [each.name for each in contestants("m@1", None)] == [OURS]
    assert all("7" in each.command(7) for each in everyone[1:])


def test_answers_are_compared_label_by_label() -> None:
    ours = {"a": Answer("x", {"x": 0.9, "y": 0.1}), "b": Answer("y", {"x": 0.4, "y": 0.6})}
    theirs = {"a": Answer("x", {"x": 0.8, "y": 0.2}), "b": Answer("x", {"x": 0.7, "y": 0.3})}
    said = compare(ours, theirs)
    assert said == "1 of 2 labels are the same; probabilities differ by 0.300 at most; other labels: b (y, theirs x)"
    assert compare(ours, ours) == "2 of 2 labels are the same; probabilities differ by 0.000 at most"


def test_an_answer_that_is_an_error_is_no_answer(requests: list[Request]) -> None:
    with server(status=500) as (port, _), pytest.raises(RuntimeError, match=r"a\.avi was answered with 500"):
        ask(port, requests)


def test_the_ceiling_infers_every_file_whichever_is_decoded_first(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}" for n in range(5)]
    for path in paths:
        path.write_bytes(b"x")
    most, waiting, inferred = 0, [], []

    def submit(file: object, spec: object) -> SimpleNamespace:
        nonlocal most
        job = SimpleNamespace(file=file, done=Future())
        waiting.append(job)
        most = max(most, len(waiting))
        threading.Timer(0.01, finish).start()
        return job

    def finish() -> None:
        waiting.pop().done.set_result(SimpleNamespace(frames=np.zeros((2, 4, 4, 3), np.uint8)))

    engine = SimpleNamespace(predict=lambda frames: inferred.append(frames.shape))
    assert answer_all(iter(paths), SimpleNamespace(submit=submit), engine, None, 3) == 5  # type: ignore[arg-type]
    assert sum(shape[0] for shape in inferred) == 5
    assert {shape[1:] for shape in inferred} == {(2, 4, 4, 3)}
    assert most <= 3


def _measured(
    contestant: str, loop: str, load: float, throughput: float, p50: float = 0, p99: float = 0
) -> Measurement:
    return Measurement(contestant, loop, load, 10, 0, throughput, p50, 0, p99, 20, 1, 100)


def test_goals_are_marked_from_what_was_measured() -> None:
    ours = [
        _measured(OURS, "closed", 1, 20, p50=50),
        _measured(OURS, "closed", 8, 40),
        _measured(OURS, "open", 0.45, 18, p99=140),
        _measured(OURS, "open", 0.7, 28, p99=400),
    ]
    rounds = [[Turn(CEILING, 50, 1), Turn(OURS, share, 1), Turn(LIT_OURS, 50, 1)] for share in (40, 45, 48)]
    report = Report("here", [Visit(OURS, 1, {}, ours), Visit(NAIVE, 1, {}, [_measured(NAIVE, "closed", 2, 2)])], rounds)
    found = {goal.what: (goal.value, goal.outcome) for goal in report.goals}
    assert found == {
        "share of the ceiling, paired": (0.9, "met"),
        "times naive FastAPI": (20, "met"),
        "times LitServe, usual handler": (None, "not measured"),
        f"times {LIT_OURS}, paired": (0.9, "missed"),
        "p99 at 45 % load / unloaded median": (2.8, "met"),
        "p99 at 70 % load / unloaded median": (8, "missed"),
    }
    assert "| this service | closed, 8 senders | 40.00 |" in report.text()
    assert "| share of the ceiling, paired | 0.9 | at least 0.85 | met |" in report.text()
    assert "| this service | 45.00 | 90.0% | 1.0 |" in round_table(rounds)
    assert len(load_table(report.visits).splitlines()) == 2 + 5


def test_a_ratio_is_of_turns_side_by_side() -> None:
    rounds = [
        [Turn("a", 10, 1), Turn("b", 5, 1)],
        [Turn("a", 100, 1), Turn("b", 100, 1)],
        [Turn("a", 3, 1), Turn("b", 1, 1)],
    ]
    assert ratio(rounds, "a", "b") == 2
    assert ratio(rounds, "a", "c") is None
    assert ratio([], "a", "b") is None


def test_this_service_is_measured(requests: list[Request], tmp_path: Path) -> None:
    """One pass of the real thing over a made video: it comes up, answers as it should, and goes down."""
    made = prepare(make_video(tmp_path / "clip.mp4", "libx264", 30))
    (ours,) = contestants("videoxception-a", None)
    with run(ours, made) as running:
        assert ask(running.port, [made])["clip.mp4"].probabilities
        measured = measure(running, "closed", 2, closed_loop([made], 0.1, 0), 2)
        pids = tree(running.pid)
    assert measured.errors == 0
    assert measured.cpu > 0
    assert len(pids) >= 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_whoever_is_not_at_turn_is_paused(tmp_path: Path) -> None:
    script, path = "while True: print(1, flush=True)", tmp_path / "out"

    def has_grown() -> bool:
        before = path.stat().st_size
        time.sleep(0.1)
        return path.stat().st_size > before

    with path.open("wb") as out, subprocess.Popen([sys.executable, "-c", script], stdout=out) as process:
        try:
            until(has_grown)
            with paused([SimpleNamespace(pid=process.pid)]):
                time.sleep(0.1)
                assert not has_grown()
            until(has_grown)
        finally:
            process.kill()
