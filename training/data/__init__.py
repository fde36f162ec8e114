"""Data sets as they lie on disk, a reader for each layout, and splits of them that never share a source video."""
