"""A trained network as the graphs that CPUs run."""
