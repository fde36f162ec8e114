from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from training.bank import trunk
from training.bank.build import ViewedItem, build_bank, viewed_items
from training.bank.loader import BankLoader
from training.bank.store import Bank, BankWriter
from training.bank.views import draw_views, item_key
from training.cache.spec import CachedFrames, CacheSpec
from training.config.clip import ClipConfig
from training.config.data import DataConfig
from training.config.frozen import FrozenConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.data.dataset import DataSet, Item
from training.errors import TrainingError
from training.model.build import build_network
from training.model.frozen import as_lite, resume
from videoxception.clip import ClipSpec, Frames
from videoxception.nets.videoxception_c import TemporalConv

CPU = torch.device("cpu")
CONFIG = Config(
    architecture="videoxception-c",
    stages=parse_stages("1x1x32x4"),
    pretrained="none",
    data=DataConfig(classes=("run", "jump"), auxiliary=("other",)),
    frozen=FrozenConfig(frozen_stages=4, views=3, auxiliary_views=2),
)


class Stills:
    """A library of noise."""

    spec = CacheSpec(ClipSpec(), 1, (40, 48))

    def clip(self, path: Path) -> Frames:
        raise AssertionError("a bank is made of the larger copies alone")

    def copy(self, path: Path) -> CachedFrames:
        return np.random.RandomState(int(path.stem)).randint(0, 255, (1, 3, 40, 48), np.uint8)


def data() -> DataSet:
    labels = ("run", "jump", "other", "other")
    items = tuple(Item(Path(f"{i}.jpg"), label, f"video {i}") for i, label in enumerate(labels))
    return DataSet(items, CONFIG.data.outputs)


def items() -> list[ViewedItem]:
    return viewed_items(data(), Stills(), CONFIG)


def test_the_bank_holds_what_the_frozen_stages_give_for_each_view(tmp_path: Path) -> None:
    net = build_network(CONFIG).eval()
    bank = build_bank(tmp_path, CONFIG, net, items(), CPU)
    assert len(bank) == 3 + 3 + 2 + 2
    loader = BankLoader(bank, items(), torch.tensor(data().targets))
    drawn = loader.draw(torch.tensor([1, 2]), torch.tensor([[2], [2]]))
    lite = as_lite(net)
    for row, item, view in ((0, 1, 2), (1, 2, 0)):  # of two views, the third is the first again
        copy = Stills().copy(Path(f"{item}.jpg"))
        seen = draw_views(copy, item_key(copy), [view], 32, CONFIG)[0]
        with torch.inference_mode():
            maps = lite.convolve(lite.normalise(seen), stop=4)
        torch.testing.assert_close(drawn[row].float(), maps, atol=2e-2, rtol=2e-3)


def test_what_is_there_is_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = build_network(CONFIG).eval()
    build_bank(tmp_path, CONFIG, net, items(), CPU)
    more = replace(CONFIG, frozen=replace(CONFIG.frozen, views=4))
    drawn: list[Sequence[int]] = []

    def watched(copy: CachedFrames, key: bytes, numbers: Sequence[int], size: int, config: Config) -> torch.Tensor:
        drawn.append(numbers)
        return draw_views(copy, key, numbers, size, config)

    monkeypatch.setattr("training.bank.build.draw_views", watched)
    assert len(build_bank(tmp_path, more, net, viewed_items(data(), Stills(), more), CPU)) == 12
    assert drawn == [[3], [3]]


def test_what_another_run_added_while_this_one_waited_is_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = build_network(CONFIG).eval()
    waits = Bank.writing

    def waits_for_another(bank: Bank) -> AbstractContextManager[BankWriter]:
        monkeypatch.setattr(Bank, "writing", waits)
        build_bank(tmp_path, CONFIG, net, items(), CPU)
        return waits(bank)

    monkeypatch.setattr(Bank, "writing", waits_for_another)
    bank = build_bank(tmp_path, CONFIG, net, items(), CPU)
    assert len(bank) == 3 + 3 + 2 + 2


def test_the_network_stays_where_it_was(tmp_path: Path) -> None:
    net = build_network(CONFIG)
    net.train()
    build_bank(tmp_path, CONFIG, net, items(), CPU)
    assert all(parameter.device == CPU for parameter in net.parameters())


def test_equal_stills_share_their_views(tmp_path: Path) -> None:
    net, pair = build_network(CONFIG).eval(), [items()[2], items()[0], items()[0]]
    bank = build_bank(tmp_path, CONFIG, net, [*pair, replace(pair[1], views=1)], CPU)
    assert len(bank) == 2 + 3
    loader = BankLoader(bank, pair, torch.zeros(3))
    drawn = loader.draw(torch.tensor([1, 2]), torch.tensor([[2], [2]]))
    assert torch.equal(drawn[0], drawn[1])


def test_other_weights_or_other_views_have_a_bank_of_their_own(tmp_path: Path) -> None:
    first, second = build_network(CONFIG), build_network(replace(CONFIG, seed=1))
    blurred = replace(CONFIG, compression=replace(CONFIG.compression, downscale_prob=0.5))
    banks = [
        build_bank(tmp_path, config, net.eval(), items()[:1], CPU).folder
        for config, net in ((CONFIG, first), (CONFIG, second), (blurred, first))
    ]
    assert len(set(banks)) == 3


def test_both_ways_to_compute_the_stages_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    lite = as_lite(build_network(CONFIG).eval())
    views = torch.rand(2, 3, 32, 32)
    by_openvino = trunk.trunk_runner(lite, 8, 32, CPU)(views)
    monkeypatch.setattr(trunk, "find_spec", lambda name: None)
    assert by_openvino.shape == (2, 1280)
    np.testing.assert_allclose(trunk.trunk_runner(lite, 8, 32, CPU)(views), by_openvino, atol=2e-3, rtol=2e-3)


def test_single_frames_are_of_stills() -> None:
    class Videos(Stills):
        def copy(self, path: Path) -> CachedFrames:
            return np.zeros((30, 3, 40, 48), np.uint8)

    with pytest.raises(TrainingError, match=r"--views of one frame are of stills, but 0\.jpg is a video"):
        viewed_items(data(), Videos(), CONFIG)


class Films(Stills):
    """A library of noise that moves."""

    def copy(self, path: Path) -> CachedFrames:
        return np.random.RandomState(int(path.stem)).randint(0, 255, (9, 3, 40, 48), np.uint8)


def test_of_a_frozen_network_the_bank_holds_features_of_whole_clips(tmp_path: Path) -> None:
    config = Config(
        architecture="lite0_transformer",
        clip_shape=ClipConfig(clip_frames=3, clip_size=32),
        stages=parse_stages("1x3x32x4"),
        pretrained="none",
        data=DataConfig(classes=("run", "jump"), auxiliary=("other",)),
        frozen=FrozenConfig(views=2),
    )
    assert config.banked
    net = build_network(config).eval()
    films = viewed_items(data(), Films(), config)
    loader = BankLoader(build_bank(tmp_path, config, net, films, CPU), films, torch.tensor(data().targets))
    drawn = loader.draw(torch.tensor([1, 3]), torch.tensor([[1], [0]]))
    assert drawn.shape == (2, 1, 3, 1280)
    copy = Films().copy(Path("1.jpg"))
    clip = draw_views(copy, item_key(copy), [1], 32, config)[0].transpose(0, 1)[None]  # (1, 3, T, 32, 32)
    with torch.inference_mode():
        features = net.features(clip)
        torch.testing.assert_close(drawn[0].float(), features, atol=2e-2, rtol=2e-3)
        torch.testing.assert_close(resume(net, drawn[0].float(), 0), net(clip), atol=2e-2, rtol=2e-2)


def of_clips(stages: int, arguments: str = "") -> Config:
    frozen = FrozenConfig(frozen_stages=stages, views=2, auxiliary_views=2)
    return replace(CONFIG, stages=parse_stages("1x3x32x4"), frozen=frozen, architecture_args=arguments)


@pytest.mark.parametrize(
    ("config", "shape"), [(of_clips(4), (80, 2, 2)), (of_clips(8, "temporal=false"), (1280,))], ids=["late", "head"]
)
def test_what_is_not_frozen_goes_on_with_whole_clips(config: Config, shape: tuple[int, ...], tmp_path: Path) -> None:
    net, stages = build_network(config).eval(), config.frozen.frozen_stages
    for module in net.modules():
        if isinstance(module, TemporalConv):  # that has learnt something
            torch.nn.init.normal_(module.weight, 0.3)
    films = viewed_items(data(), Films(), config)
    loader = BankLoader(build_bank(tmp_path, config, net, films, CPU), films, torch.tensor(data().targets))
    drawn = loader.draw(torch.tensor([1, 3]), torch.tensor([[1], [0]]))
    assert drawn.shape == (2, 1, 3, *shape)
    copies = [(Films().copy(Path(f"{row}.jpg")), view) for row, view in ((1, 1), (3, 0))]
    clips = [draw_views(copy, item_key(copy), [view], 32, config)[0].transpose(0, 1) for copy, view in copies]
    with torch.inference_mode():
        logits, expected = resume(net, drawn[:, 0].float(), stages), net(torch.stack(clips))
    torch.testing.assert_close(logits, expected, atol=2e-2, rtol=2e-2)


@pytest.mark.parametrize("stages", [5, 8])
def test_frozen_stages_that_look_over_time_are_refused(stages: int, tmp_path: Path) -> None:
    config = of_clips(stages)
    with pytest.raises(
        TrainingError, match=f"--frozen-stages {stages}: kernels over time in frozen stages would see no"
    ):
        build_bank(tmp_path, config, build_network(config), viewed_items(data(), Films(), config), CPU)


def banks_of(library: Stills, folder: Path) -> int:
    """How many banks two runs make that differ in the frames of their clips."""
    config = replace(CONFIG, frozen=FrozenConfig(frozen_stages=8, views=1, auxiliary_views=1))
    net = build_network(config).eval()
    for count in (3, 9):  # an even spread over 9 frames: 1, 4, 7, or all
        asked = replace(config, clip_shape=ClipConfig(clip_frames=count))
        build_bank(folder, asked, net, viewed_items(data(), library, asked), CPU)
    return len(list(folder.iterdir()))


def test_a_bank_of_means_is_of_one_number_of_frames(tmp_path: Path) -> None:
    assert banks_of(Films(), tmp_path) == 2


def test_a_bank_of_stills_is_shared_by_clips_of_any_length(tmp_path: Path) -> None:
    """So that a teacher of 5 frames and its student of 10 compute no view twice."""
    assert banks_of(Stills(), tmp_path) == 1
