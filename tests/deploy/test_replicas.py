"""Two replicas behind nginx, of which one is lost with requests in it."""

import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.service import ROOT, free_port, in_flight, process, start
from tests.videos import make_video
from tests.waiting import LONG, until
from videoxception.client import Client

pytestmark = pytest.mark.slow

Lose = Callable[["subprocess.Popen[bytes]", Callable[[], bool]], None]
Ask = Callable[[str, httpx.BaseTransport, bytes], list[str]]

CLIENTS, CALLS = 6, 12  # at a time, and of each
SITE = (ROOT / "deploy/nginx/videoxception.conf").read_text()
AROUND = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


class Counted(httpx.HTTPTransport):
    """The network, counting the statuses of answers, and the requests that are out."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: Counter[int] = Counter()
        self.out = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.out += 1
        try:
            response = super().handle_request(request)
        finally:
            self.out -= 1
        self.statuses[response.status_code] += 1
        return response


@contextmanager
def nginx(site: str, replicas: list[str], folder: Path) -> Iterator[str]:
    """The address of an nginx in front of two replicas."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    for written, real in [("8000", replicas[0]), ("8001", replicas[1])]:
        site = site.replace(f"127.0.0.1:{written}", real.removeprefix("http://"))
    site = site.replace("listen 8080", f"listen 127.0.0.1:{port}")
    configuration = folder / "nginx.conf"
    configuration.write_text(AROUND.format(folder=folder, site=site))
    with start(
        ["nginx", "-c", str(configuration), "-e", str(folder / "start.log")], {"PATH": "/usr/sbin:/usr/bin"}
    ) as server:
        until(lambda: (folder / "pid").exists() and (folder / "pid").read_text() != "")
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGTERM)  # its workers end with it
            server.wait(LONG)


def killed(replica: subprocess.Popen[bytes], all_wait: Callable[[], bool]) -> None:
    """Kill a replica. It is stopped before, so that the request of every client ends up in it."""
    replica.send_signal(signal.SIGSTOP)
    until(all_wait)
    replica.kill()


def told_to_stop(replica: subprocess.Popen[bytes], _: Callable[[], bool]) -> None:
    """End a replica as an update does, but without time to drain."""
    replica.terminate()
    assert replica.wait(LONG) == 0


def answers_without(lose: Lose, site: str, folder: Path, ask: Ask) -> tuple[list[str], Counter[int]]:
    """What clients are answered while one of two replicas is lost, and the statuses that the network brought them."""
    video = make_video(folder / "clip.mp4", "libx264", 30).read_bytes()
    networks = [Counted() for _ in range(CLIENTS)]
    with ExitStack() as stack:
        (lost, first), (_, second) = (stack.enter_context(process(VX_ANSWER_CACHE="0")) for _ in range(2))
        address = stack.enter_context(nginx(site, [first, second], folder))
        pool = stack.enter_context(ThreadPoolExecutor(CLIENTS))
        asking = [pool.submit(ask, address, network, video) for network in networks]
        until(lambda: in_flight(first) > 0)
        lose(lost, lambda: in_flight(second) == 0 and all(network.out for network in networks))
        answers = [label for asked in asking for label in asked.result(LONG)]
    return answers, sum((network.statuses for network in networks), Counter[int]())


def ask_once(address: str, network: httpx.BaseTransport, video: bytes) -> list[str]:
    """A client that takes no second try."""
    with httpx.Client(base_url=address, transport=network, timeout=LONG) as client:
        return [client.post("/predict", content=video).json()["label"] for _ in range(CALLS)]


def ask_again(address: str, network: httpx.BaseTransport, video: bytes) -> list[str]:
    """The project's own client."""
    with Client(address, transport=network) as client:
        return [client.predict(video).label for _ in range(CALLS)]


@pytest.mark.parametrize("lose", [killed, told_to_stop])
def test_clients_lose_nothing_where_nginx_asks_the_other_replica(lose: Lose, tmp_path: Path) -> None:
    answers, statuses = answers_without(lose, SITE, tmp_path, ask_once)
    assert len(answers) == CLIENTS * CALLS
    assert len(set(answers)) == 1
    assert statuses == {200: CLIENTS * CALLS}


def test_clients_ask_again_for_what_was_in_the_replica_and_for_nothing_else(tmp_path: Path) -> None:
    """Behind a proxy that repeats no POST, as proxies do unless they are told otherwise."""
    answers, statuses = answers_without(killed, SITE.replace(" non_idempotent", ""), tmp_path, ask_again)
    assert len(answers) == CLIENTS * CALLS
    assert len(set(answers)) == 1
    assert statuses.keys() == {200, 502}
    assert statuses[200] == CLIENTS * CALLS
    assert 1 <= statuses[502] <= CLIENTS  # each had one request out
