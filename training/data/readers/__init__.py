"""A reader for each layout of a data set on disk; `base` says what each provides."""
