"""Two processes against one that works off two parts: the same weights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[3]

_TRAINING = """
import sys
import pytest
import torch
from training.cache.loader import FrameLoader
from training.config.augmentation import MixupConfig
from training.config.data import DataConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.model.train_state import new_train_state
from training.trainer.distributed import process_group
from training.trainer.loop import TrainContext, train
from videoxception.nets.videoxception import VideoXception

torch.manual_seed(1)
frames = torch.randint(0, 256, (16, 1, 3, 24, 32), dtype=torch.uint8)
loader = FrameLoader(list(frames.numpy()), torch.arange(16) % 2)
config = Config(
    stages=parse_stages("2x2x16x8"),
    grad_accum_steps=2,
    mixing=MixupConfig(mixup=0.4),
    data=DataConfig(classes=("a", "b")),
)
with process_group(torch.device("cpu")) as (world, device):
    torch.manual_seed(2)
    state = new_train_state(VideoXception(2, (4, 8), (3, 3), dropout=0.3, stochastic_depth=0.3), config.optimizer)
    losses = [report.loss for report in train(TrainContext(state, config, loader, device=device, world=world))]
    assert world.agree(7, device)
    assert world.agree(world.rank, device) == (world.size == 1)
    if world.leads:
        floats = lambda net: {n: t for n, t in net.state_dict().items() if t.is_floating_point()}
        torch.save({"net": floats(state.net), "average": floats(state.average), "losses": losses}, sys.argv[1])
"""


def train(command: list[str], result: Path) -> dict[str, object]:
    environment = {name: value for name, value in os.environ.items() if name != "WORLD_SIZE"} | {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    script = result.with_suffix(".py")
    script.write_text(_TRAINING)
    command = [*command, str(script), str(result)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded: dict[str, object] = torch.load(result, weights_only=True)
    return loaded


def test_two_processes_train_as_one_that_works_off_two_parts(tmp_path: Path) -> None:
    alone = train([sys.executable], tmp_path / "alone.pt")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    together = train(torchrun, tmp_path / "together.pt")
    for kind in ("net", "average"):
        one, two = alone[kind], together[kind]
        assert isinstance(one, dict)
        assert isinstance(two, dict)
        assert all(torch.allclose(one[name], two[name], rtol=1e-5, atol=1e-6) for name in one), kind
    assert together["losses"] == pytest.approx(alone["losses"], rel=1e-5)
