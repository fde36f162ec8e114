"""Plots of a run and of an evaluation, as PNG files."""
