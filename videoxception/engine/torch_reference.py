"""Released models in plain PyTorch: the reference for other engines, and what runs where none of them is right."""

import threading
from typing import Literal

import torch

from videoxception.clip import Frames
from videoxception.engine.base import EngineError, FloatPrecision, Logits, OutOfMemory, check_frames
from videoxception.nets.served import load_served
from videoxception.store import Release


class TorchEngine:
    """Runs the released weights without any fusing; in f32, or in bf16 by autocast.

    One clip at a time, so that a clip's logits cannot depend on the rest of the batch.
    """

    def __init__(
        self, release: Release, device: str = "cpu", precision: Literal["auto"] | FloatPrecision = "auto"
    ) -> None:
        try:
            self._device = torch.device(device)
            self._net = load_served(release).to(self._device)
        except (RuntimeError, AssertionError) as error:
            raise EngineError(f"PyTorch cannot use the device {device!r}: {error}") from error
        self.device = device
        self.precision: FloatPrecision = "f32" if precision == "auto" else precision
        if self.precision == "f32" and self._device.type == "cuda":
            # cuDNN would round factors to tf32, which has ten bits. The newer setting by operator would make
            # torch.export fail in this process: it reads the older one, which PyTorch refuses once both were used.
            torch.backends.cudnn.allow_tf32 = False
        self._shape = release.manifest.clip.shape
        self._lock = threading.Lock()

    def predict(self, frames: Frames) -> Logits:
        """Compute logits float32 (B, K or K + 1) from clips uint8 (B, F, H, W, 3)."""
        check_frames(frames, self._shape)
        bf16 = torch.autocast(self._device.type, torch.bfloat16, enabled=self.precision == "bf16")
        try:
            with self._lock, torch.inference_mode(), bf16:
                clips = torch.from_numpy(frames.copy()).to(self._device)
                logits: Logits = torch.cat([self._net(clip[None]) for clip in clips]).float().cpu().numpy()
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(str(error)) from error
        return logits
