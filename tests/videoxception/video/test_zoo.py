"""What each awkward real file gives: how many frames its packets promise and its warnings, or which refusal."""

import random
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest

from videoxception.clip import ClipSpec
from videoxception.video import Limits, NoFrames, NotAVideo, Undecodable, VideoError, decode
from videoxception.video.container import open_video
from videoxception.video.packets import Deadline, read_packets
from videoxception.video.timing import read_timing

CLIPS: dict[str, tuple[int, tuple[str, ...]]] = {
    "zoo/decord_corrupted.mp4": (50, ("damaged",)),
    "zoo/decord_pancake.mkv": (310, ()),
    "zoo/decord_rot0.mov": (3, ("short",)),
    "zoo/decord_rot180.mov": (3, ("short", "rotated")),
    "zoo/decord_rot90.mov": (3, ("short", "rotated")),
    "zoo/decord_unordered.mov": (4, ("short",)),
    "zoo/mp4p_gbrp.mp4": (3, ("short",)),
    "zoo/mp4p_h264_sar_16_9.mp4": (1, ("short",)),
    "zoo/mp4p_minimal.mp4": (1, ("short",)),
    "zoo/mp4p_no_timescale.mp4": (182, ("damaged",)),
    "zoo/mp4p_rot90.mp4": (1, ("short", "rotated")),
    "zoo/mp4p_tiny_av1.mp4": (1, ("short",)),
    "zoo/sharp_loop3.gif": (10, ()),
    "zoo/tc_av1.mkv": (125, ()),
    "zoo/tc_bt709_full_range.mp4": (30, ()),
    "zoo/tc_h264_10bit.mp4": (30, ()),
    "zoo/tc_h265.mp4": (10, ()),
    "zoo/vpf_res_change.h264": (96, ("no times",)),
    "zoo/yowo_raw_m4v_named_mp4.mp4": (92, ()),
    "clips/BandMarching/v_BandMarching_g11_c05.avi": (432, ()),
    "clips/BoxingPunchingBag/v_BoxingPunchingBag_g01_c03.mp4": (120, ()),
    "clips/CricketShot/v_CricketShot_g04_c01.gif": (79, ()),
    "clips/HorseRiding/v_HorseRiding_g01_c03.mp4": (98, ()),
    "clips/IceDancing/v_IceDancing_g03_c02.mp4": (20, ()),
    "clips/Punch/v_Punch_g03_c01.avi": (108, ()),
    "clips_other/ApplyEyeMakeup/v_ApplyEyeMakeup_g03_c01.avi": (209, ()),
    "clips_other/Archery/v_Archery_g16_c05.avi": (262, ()),
    "clips_other/BalanceBeam/v_BalanceBeam_g20_c03.avi": (100, ()),
    "clips_other/Basketball/v_Basketball_g07_c04.mp4": (101, ()),
    "clips_other/Basketball/v_Basketball_g18_c04.avi": (188, ()),  # one is lost, but none that is wanted
    "clips_other/Biking/v_Biking_g05_c02.avi": (201, ()),
    "clips_other/Haircut/v_Haircut_g01_c01.avi": (135, ()),
}

REFUSALS: dict[str, type[VideoError]] = {
    "zoo/hf_audio_only.webm": NotAVideo,
    "zoo/mp4p_audio_only_amr.3gp": NotAVideo,
    "zoo/mp4p_cenc_encrypted.mp4": Undecodable,
    "zoo/mp4p_chunk_out_of_range.mp4": Undecodable,
    "zoo/mp4p_init_only.mp4": NoFrames,
    "zoo/MANIFEST.tsv": NotAVideo,
}


@pytest.mark.parametrize("name", CLIPS)
def test_clip(name: str, real_clips: Path) -> None:
    frames, warnings = CLIPS[name]
    path, limits = real_clips / name, Limits()
    with path.open("rb") as file, open_video(file, limits) as (container, stream):
        table = read_packets(container, stream, limits, Deadline(limits, lambda: False))
        assert len(read_timing(table, container, stream).timeline) == frames
    clip = decode(path, ClipSpec())
    assert clip.frames.shape == (10, 128, 128, 3)
    assert clip.warnings == warnings


@pytest.mark.parametrize("name", CLIPS)
def test_the_planned_path_gives_the_same_bytes(name: str, real_clips: Path) -> None:
    planned, full = (decode(real_clips / name, ClipSpec(), planned=planned) for planned in (True, False))
    assert np.array_equal(planned.frames, full.frames)
    assert planned.timestamps == full.timestamps
    assert planned.decoded <= full.decoded
    assert not full.planned


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal(name: str, real_clips: Path) -> None:
    with pytest.raises(REFUSALS[name]):
        decode(real_clips / name, ClipSpec())


def test_the_table_is_complete(real_clips: Path) -> None:
    files = [p for folder in ("zoo", "clips", "clips_other") for p in (real_clips / folder).rglob("*") if p.is_file()]
    assert {str(p.relative_to(real_clips)) for p in files} == CLIPS.keys() | REFUSALS.keys()


@pytest.mark.parametrize(
    "name", [n for n, (_, warnings) in CLIPS.items() if "damaged" not in warnings and "g18" not in n]
)
def test_frames_are_those_that_the_decoder_puts_out_in_that_order(name: str, real_clips: Path) -> None:
    """Also for packed B-frames in AVI, whose frame.pts jumps to and fro."""
    clip = decode(real_clips / name, ClipSpec())
    if "rotated" in clip.warnings:
        return  # the reference below does not turn frames
    with av.open(str(real_clips / name)) as container:
        frames = [
            f.reformat(128, 128, "rgb24", interpolation="BICUBIC", threads=1).to_ndarray()
            for f in container.decode(video=0)
        ]
    numbers = [(2 * i + 1) * len(frames) // 20 for i in range(10)]
    if name == "zoo/sharp_loop3.gif":  # 3 s a frame, but the last stays for 15 s
        numbers = [0, 2, 3, 4, 6, 7, 9, 9, 9, 9]
    assert np.array_equal(clip.frames, np.stack([frames[k] for k in numbers]))


def test_the_lost_frame_of_a_damaged_file_is_the_one_before(real_clips: Path) -> None:
    """50 packets, of which one in the middle does not decode: those behind it are still told by their times."""
    path = real_clips / "zoo/decord_corrupted.mp4"
    frames = {}
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                continue
            frames |= {
                f.pts // 1024: f.reformat(  # 720 lines that name no matrix
                    128, 128, "rgb24", src_colorspace="ITU709", interpolation="BICUBIC", threads=1
                ).to_ndarray()
                for f in decoded
            }
    assert len(frames) == 49
    numbers = [max(k for k in frames if k <= (2 * i + 1) * 50 // 20) for i in range(10)]
    assert np.array_equal(decode(path, ClipSpec()).frames, np.stack([frames[k] for k in numbers]))


def test_rotated_files_show_upright_what_the_unrotated_one_shows(real_clips: Path) -> None:
    """The three files are one shot, filmed with the camera held three ways."""
    spec = ClipSpec(size=(160, 160))
    shown = {turn: decode(real_clips / f"zoo/decord_rot{turn}.mov", spec) for turn in (0, 90, 180)}
    assert (shown[90].width, shown[90].height) == (320, 568)
    for turn in (90, 180):
        with av.open(str(real_clips / f"zoo/decord_rot{turn}.mov")) as container:
            stored = next(container.decode(video=0)).reformat(160, 160, "rgb24").to_ndarray()
        upright = np.rot90(stored, -turn // 90)
        assert np.abs(upright.astype(int) - shown[turn].frames[0]).mean() < 3


def test_flipped_bits_never_crash(real_clips: Path, tmp_path: Path) -> None:
    rng = random.Random(0)
    whole = (real_clips / "clips/IceDancing/v_IceDancing_g03_c02.mp4").read_bytes()
    for _ in range(100):
        corrupted = bytearray(whole)
        for _ in range(rng.randint(1, 200)):
            corrupted[rng.randrange(len(corrupted))] = rng.randrange(256)
        path = tmp_path / "clip"
        path.write_bytes(corrupted)
        with suppress(VideoError):  # any other error is a failure
            assert decode(path, ClipSpec()).frames.shape == (10, 128, 128, 3)
