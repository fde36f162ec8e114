"""Look a folder of class folders over before training, or its labels after it: one page, and tables beside it.

    videoxception inspect DIR                      what is there, what is odd, what is there twice, what may leak
    videoxception inspect DIR --model my-actions   and whose labels the model doubts that was trained on the folder

The page is a single file that asks nothing of any network. Doubts are those of the out-of-fold predictions that a
release keeps: each clip was judged by weights that had not learnt from its source video.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from training.config.console import show_log
from training.data.dataset import Item, check_folder
from training.data.duplicates import equal_files
from training.data.inspected_files import (
    Media,
    Place,
    Trouble,
    is_note,
    list_places,
    odd_file,
    oddities,
    read_media,
    unreadable,
)
from training.data.readers.video_folder import named_video
from training.errors import TrainingError
from training.evaluation.doubted_files import doubted_files
from training.find_groups import group_by_looks, groups_as_told, is_told
from training.progress import counting
from training.reporting.inspection.findings import Findings
from training.reporting.inspection.page import write_page
from training.reporting.inspection.tables import write_tables
from videoxception.clip import ClipSpec, Frames
from videoxception.store import ModelStore, StoreError
from videoxception.video import VideoError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.inspect_data`."""
    options = _parse(arguments)
    show_log()
    try:
        findings = inspect(options.folder, options.model, options.store)
        options.output.mkdir(parents=True, exist_ok=True)
        tables = write_tables(options.output, findings)
        page = write_page(options.output / "index.html", findings, options.show)
    except (TrainingError, StoreError, OSError) as error:
        sys.exit(f"error: {error}")
    print(*findings.summary(), sep="\n")
    print(f"open {page}; tables beside it: {', '.join(path.name for path in tables)}")


def inspect(root: Path, model: str = "", store: str = "") -> Findings:
    """Look at every file below a folder.

    Args:
        model: a release that was trained on the folder; "" if labels are not to be looked at.

    Raises:
        TrainingError: there is no such folder, no video or still in it, or the release keeps no predictions of it.
        StoreError: there is no such release.
    """
    from training.bank.descriptors import FrameStatistics, clip_similarities

    check_folder(root)
    release = ModelStore.from_path(store).load(model) if model else None
    places = [place for place in list_places(root) if not is_note(place)]
    troubles = [trouble for place in places if (trouble := odd_file(place))]
    candidates = [place for place in places if odd_file(place) is None]
    if not candidates:
        raise TrainingError(f"{root} holds no video or still in a folder of its class (DIR/jumping/1.mp4)")
    statistics = FrameStatistics()
    media: list[Media] = []
    similarity = clip_similarities(_clips(candidates, statistics.spec, media, troubles), statistics)
    items = [_item(each, root) for each in media]
    groups = groups_as_told(items) if is_told(items, root) else group_by_looks(items, similarity)
    doubted = doubted_files(release, items) if release else None
    copies = equal_files([each.place.path for each in media])
    return Findings(root, media, troubles, copies, similarity, groups, doubted)


def _item(media: Media, root: Path) -> Item:
    path = media.place.path
    return Item(path, media.place.label, named_video(path.relative_to(root)))


def _clips(places: Sequence[Place], spec: ClipSpec, media: list[Media], troubles: list[Trouble]) -> Iterator[Frames]:
    """Yield the clip of each file that can be read; list those files in `media`, and what is wrong in `troubles`."""
    with counting(len(places), "looking", "files") as advance:
        for place in places:
            advance()
            try:
                found = read_media(place, spec)
            except (VideoError, OSError) as error:
                troubles.append(unreadable(place.path, error))
                continue
            media.append(found)
            troubles.extend(oddities(found))
            yield found.clip.frames
    if not media:
        raise TrainingError(f"none of the {len(places)} files can be read; the first: {troubles[-1].what}")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="videoxception inspect", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="class folders of videos or stills")
    parser.add_argument("--model", default="", metavar="NAME[@V]", help="release that was trained on the folder")
    parser.add_argument("--store", default="", metavar="PATH", help="model stores to look in, beside the built-in one")
    parser.add_argument(
        "--output", type=Path, default=Path("inspected"), metavar="DIR", help="folder of the page (default: inspected)"
    )
    parser.add_argument("--show", type=int, default=60, metavar="N", help="doubted clips with frames (default: 60)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
