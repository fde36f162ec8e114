"""What a bank holds: which stages' output, at which size, of views drawn how."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass

from torch import Tensor, nn

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
        augmentation: sha256 of how views are drawn.
    """

    trunk: str
    stages: int
    size: int
    shape: tuple[int, ...]
    augmentation: str

    def to_json(self) -> str:
        """Return what a bank's folder says of it."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @property
    def name(self) -> str:
        """The name of its folder."""
        digest = hashlib.sha256(self.to_json().encode()).hexdigest()[:12]
        return f"{self.size}px-{self.stages}stages-{digest}"


def spec_of(config: Config, net: nn.Module, shape: tuple[int, ...], averaged: int = 1) -> BankSpec:
    """Return the spec of a run's bank.

    Args:
        net: has the weights of the frozen stages.
        averaged: of how many frames of a video a record is the mean; what is 1 is shared by clips of any length.
    """
    drawn: dict[str, object] = {name: dataclasses.asdict(getattr(config, name)) for name in _AUGMENTATION}
    if averaged > 1:
        drawn["frames"] = averaged
    return BankSpec(
        trunk=_hash_weights(net, config.frozen.frozen_stages),
        stages=config.frozen.frozen_stages,
        size=config.stages[-1].size,
        shape=shape,
        augmentation=hashlib.sha256(json.dumps(drawn, sort_keys=True).encode()).hexdigest(),
    )


def _hash_weights(net: nn.Module, stages: int) -> str:
    state: dict[str, Tensor] = net.state_dict()
    digest = hashlib.sha256()
    for name in sorted(frozen_names(net, stages)):
        digest.update(name.encode())
        digest.update(state[name].cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
