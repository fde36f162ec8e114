"""Augmentation: random changes of training clips, each drawn from a generator that it is given."""
