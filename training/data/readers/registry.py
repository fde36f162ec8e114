"""The layouts that `--layout` names, and the reader of each."""

from training.data.readers import image_folder, kinetics400, msr_daily, own_folder, ucf101, video_folder
from training.data.readers.base import Layout

LAYOUTS: dict[str, Layout] = {
    "ucf101": ucf101.LAYOUT,
    "kinetics400": kinetics400.LAYOUT,
    "msr-daily": msr_daily.LAYOUT,
    "folders": video_folder.LAYOUT,
    "stills": image_folder.LAYOUT,
    "own": own_folder.LAYOUT,
}
