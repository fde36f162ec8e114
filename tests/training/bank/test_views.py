import numpy as np
import torch
from torch.nn import functional as F

from training.bank.views import draw_views, item_key
from training.config.augmentation import CameraConfig, ColorJitterConfig
from training.config.clip import ClipConfig
from training.config.schema import Config
from training.config.stages import parse_stages

STILL = np.random.RandomState(0).randint(0, 255, (1, 3, 48, 64), np.uint8)
KEY = item_key(STILL)
NO_JITTER = ColorJitterConfig(brightness=0, contrast=0, saturation=0, tint=0, gray_prob=0, erase_prob=0)


def test_a_view_depends_on_the_still_and_its_number_alone() -> None:
    views = draw_views(STILL, KEY, [0, 1, 2, 3], 32, Config())
    assert views.shape == (4, 1, 3, 32, 32)
    assert torch.equal(draw_views(STILL.copy(), KEY, [3, 1], 32, Config()), views[[3, 1]])
    assert not torch.equal(views[1], views[2])


def test_view_0_is_the_whole_frame() -> None:
    view = draw_views(STILL, KEY, [0], 24, Config())[0]
    whole = F.interpolate(torch.tensor(STILL).float() / 255, (24, 24), mode="bicubic", antialias=True)
    assert torch.equal(view, whole.clamp(0, 1))


def test_networks_of_different_sizes_see_the_same_view() -> None:
    smooth = np.linspace(0, 255, 3 * 48 * 64).reshape(1, 3, 48, 64).astype(np.uint8)
    camera = CameraConfig(min_area=0.3, angle=8.0)
    config = Config(camera=camera, color_jitter=ColorJitterConfig(erase_prob=0.0))
    small, large = (draw_views(smooth, KEY, [1, 2, 3], size, config) for size in (16, 32))
    torch.testing.assert_close(F.avg_pool2d(large.flatten(0, 1), 2), small.flatten(0, 1), atol=0.03, rtol=0)


def test_the_views_of_a_video_show_as_many_frames_as_a_clip_in_one_light() -> None:
    config = Config(clip_shape=ClipConfig(clip_frames=3), camera=CameraConfig(still_prob=1.0, cut_prob=0.0))
    video = np.repeat(np.arange(10, 100, 10, dtype=np.uint8), 3 * 48 * 64).reshape(9, 3, 48, 64)
    views = draw_views(video, item_key(video), [0, 1], 32, config)
    assert views.shape == (2, 3, 3, 32, 32)
    assert (views[0].mean((1, 2, 3)) * 255).round().tolist() == [20, 50, 80]  # the middle frames of three thirds
    levels = views[1].mean((1, 2, 3))
    assert levels[0] < levels[1] < levels[2]


def test_views_of_a_clip_are_its_frames_one_after_the_other() -> None:
    """View 0 has the frames that a service would see; of the others, each is from its own part of the video."""
    copy = np.zeros((12, 3, 16, 16), np.uint8) + (20 * np.arange(12, dtype=np.uint8))[:, None, None, None]
    config = Config(
        architecture="lite0_transformer",
        clip_shape=ClipConfig(clip_frames=4, clip_size=16),
        stages=parse_stages("1x4x16x8"),
        color_jitter=NO_JITTER,
    )
    views = draw_views(copy, item_key(copy), [0, 1], 16, config)
    assert views.shape == (2, 4, 3, 16, 16)
    levels = (views.flatten(0, 1).mean((1, 2, 3)) * 255 / 20).round().int().tolist()
    assert levels[:4] == [1, 4, 7, 10]
    assert all(3 * part <= level < 3 * part + 3 for part, level in enumerate(levels[4:]))
    assert torch.equal(draw_views(copy, item_key(copy), [1], 16, config), views[1:])
