"""Where the data sets are: every address in one place, each of which an option of the command overrides."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from training.errors import TrainingError


class FetchError(TrainingError):
    """A download or an archive that cannot be had or trusted; `str()` of it says what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to download, with its size in bytes and its SHA-256 where they are known."""

    url: str
    size: int | None = None
    sha256: str | None = None

    @property
    def name(self) -> str:
        """The file's name: the last part of the address. Raises `FetchError` for an address without one."""
        name = PurePosixPath(unquote(urlsplit(self.url).path)).name
        if urlsplit(self.url).scheme not in ("http", "https") or name in ("", "..") or "\\" in name:
            raise FetchError(f"{self.url!r} is not the address of a file; it must be https://.../NAME")
        return name


# Sizes and hashes: tensorflow/datasets, tensorflow_datasets/url_checksums/ucf101.txt.
UCF101_VIDEOS = Source(
    "https://storage.googleapis.com/thumos14_files/UCF101_videos.zip",
    6_960_400_115,
    "dabf56f573cd19c79e096563529fec8126a2a34e18e10c72eb621dd687532b0d",
)
UCF101_LISTS = Source(
    "https://www.crcv.ucf.edu/data/UCF101/UCF101TrainTestSplits-RecognitionTask.zip",
    113_943,
    "5c0d1a53b8ed364a2ac830a73f405e51bece7d98ce1254fd19ed4a36b224bd27",
)
# The videos as their authors offer them, for --videos: the same clips, but a RAR.
UCF101_RAR = "https://www.crcv.ucf.edu/data/UCF101/UCF101.rar"
UCF101_PAGE = "https://www.crcv.ucf.edu/data/UCF101.php"

# The Common Visual Data Foundation's copy (https://github.com/cvdfoundation/kinetics-dataset). Below it lie
# <part>/k400_<part>_path.txt (addresses of archives), annotations/<part>.csv, and replacements of broken clips.
KINETICS400 = "https://s3.amazonaws.com/kinetics/400"

MSR_DAILY_PAGE = "https://sites.google.com/view/wanqingli/data-sets/msr-dailyactivity3d"


def chosen(url: str, known: Source) -> Source:
    """Return what --videos or --annotations names; its size and hash are known only if the address is the known one."""
    return known if url in ("", known.url) else Source(url)
