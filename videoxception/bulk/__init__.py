"""Classifying a folder of videos, however many, into tables.

listing.py   which files those are
rows.py      what is written of each: an answer or an error, under a header that pins what answered
shards.py    rows on disk: appended, found again after a kill, sealed as JSON Lines or Parquet (parquet.py)
run.py       rows of a classifier, for what no shard has yet
merge.py     shards into a table of answers and one of errors

Each knows those above it alone, so that another runner, on many machines, can write the same shards.
"""
