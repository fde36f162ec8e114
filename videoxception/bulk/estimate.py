"""How long a folder will take, from a sample of its videos."""

import os
import time

from videoxception.bulk.listing import Listing
from videoxception.bulk.run import classify
from videoxception.classifier import Classifier

_SAMPLE = 32


def estimate(classifier: Classifier, listing: Listing, coverage: float, cores: int) -> str:
    """Classify a sample and return what all would take, in words. It closes the classifier, to count its decoders."""
    sample = sample_of(listing.videos)
    if not sample:
        return "nothing to classify"
    list(classify(classifier, listing.source, sample[:1], coverage))  # decoders are up from here on
    begun, used = time.monotonic(), _cpu()
    list(classify(classifier, listing.source, sample, coverage))
    seconds = time.monotonic() - begun
    classifier.close()  # the decoders' time is told when they have ended
    each = (_cpu() - used) / len(sample)
    total = seconds / len(sample) * len(listing.videos)
    return (
        f"{len(sample)} of {len(listing.videos):,} videos took {seconds:.1f} s on {cores} cores: all take about"
        f" {in_words(total)} here, {in_words(each * len(listing.videos))} of one core"
    )


def sample_of(videos: list[str]) -> list[str]:
    """Return some videos, evenly spread over all."""
    count = min(_SAMPLE, len(videos))
    return [videos[i * len(videos) // count] for i in range(count)]


def in_words(seconds: float) -> str:
    """Return a time as one would say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _cpu() -> float:
    """Return the seconds of CPU of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
