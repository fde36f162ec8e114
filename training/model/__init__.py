"""The network of a run: how it is built and initialised, its checkpoints, its final weights."""
