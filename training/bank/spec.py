"""What a bank holds: which stages' output, at which size, of views drawn how."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass

from torch import Tensor, nn

from training.bank.views import frames_of_video
from training.config.schema import Config
from training.model.frozen import frozen_names

_AUGMENTATION = ("camera", "color_jitter", "randaugment", "compression")


@dataclass(frozen=True, slots=True)
class BankSpec:
    """What a bank holds of each view.

    Attributes:
        trunk: sha256 of the frozen stages' weights.
        stages: how many are frozen.
        size: height and width of the views.
        shape: of what the stages give for a view: (C, h, w), or (C,) where it is pooled; of a clip, (T, C).
        frames: of a video in one view, also where only their mean is kept.
        augmentation: sha256 of how views are drawn.
    """

    trunk: str
    stages: int
    size: int
    shape: tuple[int, ...]
    frames: int
    augmentation: str

    def to_json(self) -> str:
        """Return what a bank's folder says of it."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @property
    def name(self) -> str:
        """The name of its folder."""
        digest = hashlib.sha256(self.to_json().encode()).hexdigest()[:12]
        return f"{self.size}px-{self.stages}stages-{digest}"


def spec_of(config: Config, net: nn.Module, shape: tuple[int, ...]) -> BankSpec:
    """Return the spec of a run's bank; `net` has the weights of its frozen stages."""
    drawn = {name: dataclasses.asdict(getattr(config, name)) for name in _AUGMENTATION}
    return BankSpec(
        trunk=_hash_weights(net, config.frozen.frozen_stages),
        stages=config.frozen.frozen_stages,
        size=config.stages[-1].size,
        shape=shape,
        frames=frames_of_video(config),
        augmentation=hashlib.sha256(json.dumps(drawn, sort_keys=True).encode()).hexdigest(),
    )


def _hash_weights(net: nn.Module, stages: int) -> str:
    state: dict[str, Tensor] = net.state_dict()
    digest = hashlib.sha256()
    for name in sorted(frozen_names(net, stages)):
        digest.update(name.encode())
        digest.update(state[name].cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
