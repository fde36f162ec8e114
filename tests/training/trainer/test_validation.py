"""Top-1 while a run trains."""

import numpy as np
import torch

from training.config.stages import Stage
from training.trainer.distributed import World
from training.trainer.validation import Validation
from videoxception.clip import ClipSpec, Frames
from videoxception.nets import create
from videoxception.nets.frozen_transformer import FrozenTransformer

SPEC = ClipSpec(frames=2, size=(32, 32))
STAGE = Stage(epochs=1, frames=2, size=32, batch=4)


class Noise:
    """Six clips."""

    _clips = np.random.RandomState(0).randint(0, 255, (6, *SPEC.shape), np.uint8)

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, rows: slice) -> Frames:
        return self._clips[rows]


def test_what_a_frozen_network_gives_is_computed_once() -> None:
    torch.manual_seed(0)
    net = create("lite0_transformer", 3, channels=16, frames=2)
    assert isinstance(net, FrozenTransformer)
    clips = torch.from_numpy(Noise()[:]).permute(0, 4, 1, 2, 3).float() / 255
    with torch.no_grad():
        targets = net.eval()(clips).argmax(1)
    targets[0] = (targets[0] + 1) % 3
    validate = Validation(Noise(), targets, 3, SPEC, torch.device("cpu"), World())  # type: ignore[arg-type]
    seen: list[int] = []
    net.backbone.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    assert validate(net, STAGE) == validate(net, STAGE) == 5 / 6
    assert seen == [8, 4]
