"""Classifying videos, however many, into tables.

errors.py    what is wrong with a run
sources.py   where videos lie: on disks or in object stores
listing.py   which videos those are
rows.py      what is written of each: an answer or an error, under a header that pins what answered
shards.py    rows on disk: appended, found again after a kill, sealed as JSON Lines or Parquet (parquet.py)
run.py       rows of a classifier, for what no shard has yet
parts.py     shards that several machines write
actors.py    what each of them does
ray_run.py   the same run on a Ray cluster
merge.py     shards into tables of answers, of errors, of windows and timelines
results.py   all that together, for a folder on a disk or in an object store

Each knows those above it alone.
"""
