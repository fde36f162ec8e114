"""Fixtures that tests of several rooms use."""

import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores, and so do the processes that they start
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

os.environ["XDG_DATA_HOME"] = str(
    Path(tempfile.gettempdir(), f"videoxception-no-store-{os.getpid()}")
)  # not the person's own models

import pytest
import torch

from tests.scheduling import undo_real_time
from tests.shipped import SHIPPED
from videoxception.store import Release

if not Path("/dev/nvidiactl").exists():  # then Triton's interpreter runs the kernels
    os.environ["TRITON_INTERPRET"] = "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape names that are not UTF-8 in what a test printed: workers send it as UTF-8."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(autouse=True)
def usual_scheduling() -> Iterator[None]:
    """Let no test leave its process a real-time one."""
    yield
    undo_real_time()


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """The folder of real footage that REAL_CLIPS_DIR names; tests that need it are skipped without it."""
    folder = os.environ.get("REAL_CLIPS_DIR")
    if not folder:
        pytest.skip("REAL_CLIPS_DIR is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def release() -> Release:
    """The model that the project ships."""
    return SHIPPED


@pytest.fixture(scope="session")
def kernel_device() -> torch.device:
    """Where Triton kernels are tested: on the GPU if there is one, else by Triton's interpreter on the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
