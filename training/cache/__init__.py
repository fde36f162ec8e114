"""Decode once: the pixels of a data set, kept on disk, so that no epoch reads a video file.

A cache is a folder that only ever grows. Pixels lie in shards, which are memory-mapped; the index has a line for each
file, written once its pixels are safely on disk. So a build may be killed at any moment, and goes on from there.
"""

from training.cache.folder import Cache
from training.cache.spec import CacheSpec, Pictures

__all__ = ["Cache", "CacheSpec", "Pictures"]
