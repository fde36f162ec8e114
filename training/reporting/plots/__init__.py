"""Plots of a run and of an evaluation, as PNG files."""

import os
from pathlib import Path

# Matplotlib keeps a list of fonts. Left alone, it does so in folders of its own, in ~/.cache and ~/.config.
_FONTS = Path(os.path.expanduser("~/.cache/videoxception/matplotlib"))
if _FONTS.is_absolute():  # the user has a home
    os.environ.setdefault("MPLCONFIGDIR", str(_FONTS))
