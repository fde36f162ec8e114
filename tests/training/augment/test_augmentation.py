import pytest
import torch

from training.augment.color_jitter import jitter_colors
from training.augment.pipeline import draw_clips
from training.augment.times import draw_times
from training.augment.virtual_camera import camera_path, render_camera_path
from training.config.augmentation import CameraConfig, ColorJitterConfig
from training.config.schema import Config
from training.config.stages import Stage

STILL = CameraConfig(min_area=1.0, aspect=0.0, angle=0.0, still_prob=1.0, cut_prob=0.0, drift=0.0, flip=False)
PLAIN = ColorJitterConfig(brightness=0, contrast=0, saturation=0, tint=0, gray_prob=0, erase_prob=0)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_camera_that_takes_in_everything_changes_nothing() -> None:
    frames = torch.rand(2, 3, 3, 32, 32)
    seen = render_camera_path(frames, (32, 32), STILL, rng())
    torch.testing.assert_close(seen, frames.transpose(1, 2), atol=1e-5, rtol=0)


def test_mirroring_flips_half_of_the_clips_whole() -> None:
    frames = torch.rand(64, 1, 3, 8, 8).expand(-1, 2, -1, -1, -1)
    seen = render_camera_path(frames, (8, 8), CameraConfig(**{**_fields(STILL), "flip": True}), rng()).transpose(1, 2)
    mirrored = [torch.allclose(a, b.flip(-1), atol=1e-5) for a, b in zip(seen, frames, strict=True)]
    plain = [torch.allclose(a, b, atol=1e-5) for a, b in zip(seen, frames, strict=True)]
    assert sum(mirrored) + sum(plain) == 64
    assert 16 < sum(mirrored) < 48


def _fields(config: CameraConfig) -> dict[str, object]:
    return {name: getattr(config, name) for name in config.__slots__}


def test_some_cameras_stand_still_and_some_cut() -> None:
    path = camera_path(2000, 10, CameraConfig(), rng())  # (B, T, 2, 3)
    steps = (path[:, 1:] - path[:, :-1]).abs().amax((2, 3))
    standing = (steps.amax(1) < 1e-6).float().mean()
    assert 0.2 < standing < 0.35
    # A cut shows as one step far larger than the median step of the same clip.
    cuts = (steps.amax(1) > 0.2) & (steps.amax(1) > 20 * steps.median(1).values)
    assert 0.02 < cuts.float().mean() < 0.2


def test_views_stay_within_the_frame() -> None:
    upright = CameraConfig(angle=0.0)
    path = camera_path(500, 10, CameraConfig(**{**_fields(upright), "drift": 0.0}), rng())
    corners = path[..., :, :2].abs().sum(-1) + path[..., :, 2].abs()
    assert corners.max() <= 1 + 1e-5


def test_colours_are_the_same_all_through_a_clip() -> None:
    clips = torch.rand(4, 3, 1, 8, 8).expand(-1, -1, 5, -1, -1)
    out = jitter_colors(clips, ColorJitterConfig(), rng())
    assert torch.equal(out, out[:, :, :1].expand_as(out))
    assert out.min() >= 0
    assert out.max() <= 1
    assert not torch.equal(out, clips)


def test_no_change_of_colour_is_no_change() -> None:
    clips = torch.rand(4, 3, 2, 8, 8)
    torch.testing.assert_close(jitter_colors(clips, PLAIN, rng()), clips)


def test_grey_clips_are_grey() -> None:
    config = ColorJitterConfig(**{**dict.fromkeys(PLAIN.__slots__, 0), "gray_prob": 1.0})
    out = jitter_colors(torch.rand(2, 3, 1, 8, 8), config, rng())
    torch.testing.assert_close(out[:, 0], out[:, 2])


@pytest.mark.parametrize("frames", [1, 4])
def test_a_still_becomes_a_clip_of_the_stages_size(frames: int) -> None:
    stage = Stage(epochs=1, frames=frames, size=24, batch=2)
    clips = draw_clips(torch.zeros(2, 1, 3, 48, 64, dtype=torch.uint8), stage, Config(), rng())
    assert clips.shape == (2, 3, frames, 24, 24)


def test_a_videos_frames_keep_their_order() -> None:
    """One of ten frames is drawn from each half, so that the second is the later one."""
    times = draw_times(6, frames=10, count=2, rng=rng())
    assert (times[:, 0] < 5).all()
    assert (times[:, 1] >= 5).all()
    assert len(set(times[:, 0].tolist())) > 1
    video = (times * 25).to(torch.uint8).view(6, 2, 1, 1, 1).expand(-1, -1, 3, 48, 64)
    stage = Stage(epochs=1, frames=2, size=24, batch=6)
    seen = draw_clips(video, stage, Config(camera=STILL, color_jitter=PLAIN), rng()).mean((1, 3, 4)) * 255 / 25
    torch.testing.assert_close(seen, times.float(), atol=1e-3, rtol=0)


def test_a_still_is_read_once_and_costs_no_random_number() -> None:
    drawn_from, untouched = rng(), rng()
    assert draw_times(3, frames=1, count=10, rng=drawn_from).tolist() == [[0], [0], [0]]
    assert torch.equal(torch.rand(2, generator=drawn_from), torch.rand(2, generator=untouched))


def test_the_same_seed_draws_the_same_clips() -> None:
    frames = torch.randint(0, 256, (4, 1, 3, 48, 64), dtype=torch.uint8)
    stage = Stage(epochs=1, frames=3, size=24, batch=4)
    assert torch.equal(draw_clips(frames, stage, Config(), rng(5)), draw_clips(frames, stage, Config(), rng(5)))


def test_colours_in_another_order_are_drawn_as_the_same_colours() -> None:
    """Grey of red is 0.3, also where red comes last."""
    frames = torch.randint(0, 256, (4, 1, 3, 16, 16), dtype=torch.uint8)
    stage = Stage(epochs=1, frames=2, size=16, batch=4)
    rgb, bgr = (Config(architecture=name, stages=(stage,)) for name in ("r3d_18", "eco_lite"))
    assert (rgb.clip.channels, bgr.clip.channels) == ("RGB", "BGR")
    drawn = draw_clips(frames.flip(2), stage, bgr, rng())
    torch.testing.assert_close(drawn, draw_clips(frames, stage, rgb, rng()).flip(1), atol=1e-6, rtol=0)
