"""Timelines of long videos: how right they are, what they cost, and what they do to others."""
