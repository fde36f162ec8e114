"""A description of the machine and library versions, printed above every table."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

_OURS = ("openvino", "av", "fastapi", "uvicorn", "numpy")
_PEERS = ("torch", "av", "litserve", "bentoml", "fastapi", "openvino", "onnxruntime")
_ASK = """
import sys
from importlib.metadata import PackageNotFoundError, version
for name in sys.argv[1:]:
    try:
        print(name, version(name))
    except PackageNotFoundError:
        pass
"""


def machine(peers: str | None) -> str:
    """Return processor, system, load and versions as lines of text."""
    load = ", ".join(f"{average:.2f}" for average in os.getloadavg())
    lines = [
        f"{os.cpu_count()} cores, {_processor()}; {platform.system()} {platform.release()};"
        f" Python {platform.python_version()}",
        f"load averages before the run: {load}",
        "this project: " + ", ".join(f"{name} {version(name)}" for name in _OURS),
    ]
    if peers:
        asked = subprocess.run([peers, "-c", _ASK, *_PEERS], capture_output=True, text=True, check=True)
        lines.append("peers: " + ", ".join(asked.stdout.splitlines()))
    return "\n".join(lines)


def _processor() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()
