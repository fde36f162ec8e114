from dataclasses import replace

import numpy as np
import pytest
import torch

from training import recipes
from training.config.schema import Config
from training.own import heads
from training.own.heads import ViewFeatures, fit_heads, shares_of

RNG = np.random.default_rng(0)
TRUTH = np.arange(60) % 3
FEATURES = (RNG.normal(size=(60, 8)) + 2 * np.eye(8)[TRUTH]).astype(np.float32)
VIEWS = ViewFeatures(FEATURES, np.arange(60)[:, None])


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setattr(heads, "_LEAST_STEPS", 60)
    return replace(recipes.own(), stages=(replace(recipes.own().stages[0], batch=20),), dropout=0.0)


def test_classes_weigh_the_same_and_held_out_items_nothing() -> None:
    targets = np.array([0, 0, 0, 1, 1, 2])
    learnt = np.array([[True] * 6, [True, True, False, True, False, False]])
    shares = shares_of(learnt, targets)
    assert np.allclose(shares.sum(1), 6)
    assert np.allclose([shares[0][targets == k].sum() for k in range(3)], 2)
    assert np.allclose(shares[1], [1.5, 1.5, 0, 3, 0, 0])


def test_a_head_among_others_is_what_it_would_be_alone(config: Config) -> None:
    learnt = np.array([np.arange(60) % 5 != k for k in range(3)])
    together = fit_heads(VIEWS, TRUTH, learnt, [0.05, 1.0, 0.05], 3, config)
    alone = fit_heads(VIEWS, TRUTH, learnt[1:2], [1.0], 3, config)
    torch.testing.assert_close(together.weight[1:2], alone.weight, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together.bias[1:2], alone.bias, atol=1e-5, rtol=1e-4)


def test_what_is_held_out_leaves_no_trace(config: Config) -> None:
    learnt = (np.arange(60) >= 12)[None]
    changed = FEATURES.copy()
    changed[:12] = 50
    one, other = (
        fit_heads(ViewFeatures(each, VIEWS.rows), TRUTH, learnt, [0.05], 3, config) for each in (FEATURES, changed)
    )
    assert torch.equal(one.weight, other.weight)


def test_heads_name_what_they_have_not_seen(config: Config) -> None:
    config = replace(config, optimizer=replace(config.optimizer, lr=0.05))
    found = fit_heads(VIEWS, TRUTH, (np.arange(60) >= 30)[None], [0.05], 3, config)
    assert (found.logits(0, FEATURES[:30]).argmax(1) == TRUTH[:30]).mean() > 0.8


def test_the_weights_shrink_with_the_decay(config: Config) -> None:
    learnt = np.ones((2, 60), bool)
    weight = fit_heads(VIEWS, TRUTH, learnt, [0.0, 50.0], 3, config).weight
    assert weight[1].abs().max() < 0.6 * weight[0].abs().max()


def test_a_view_is_drawn_for_each_item() -> None:
    views = ViewFeatures(np.arange(6, dtype=np.float16)[:, None], np.array([[0, 1], [2, 3], [4, 5]]))
    drawn = views.draw(torch.tensor([2] * 50), torch.Generator().manual_seed(0))
    assert set(drawn.flatten().tolist()) == {4.0, 5.0}
