"""The network of a run: how it is built, the weights that it begins with, its checkpoints, its final weights."""
