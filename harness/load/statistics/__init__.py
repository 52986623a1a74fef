"""Intervals that hold for requests that queue, and when a run may be looked at."""
