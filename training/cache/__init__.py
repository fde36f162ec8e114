"""The cache: pixels of a data set decoded once, so that no epoch reads a video file; and packs, small copies to carry.

A cache is a folder that only ever grows. Pixels lie in shards, which are memory-mapped; the index has a line for each
file, written once its pixels are safely on disk. So a build may be killed at any moment, and goes on from there.
"""
