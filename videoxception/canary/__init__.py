"""Judging a second version beside the one that answers: what both said of the same uploads, and which to keep.

pairs.py      what a service with VX_CANARY_LOG writes of each upload that both answered
intervals.py  95 % intervals of what is counted or measured in pairs
limits.py     what a new version may cost
verdict.py    an interval against a limit: promote, roll back, or undecided
of_pairs.py   unlabelled pairs judged: agreement, known rate, latency
of_labels.py  a labelled set judged, by the paired test of `videoxception compare`
decide.py     the verdict, done in the stores
"""
