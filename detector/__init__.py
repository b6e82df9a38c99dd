"""Judges pictures: a classifier gates a segmenter. Knows nothing of streams, sockets or clocks."""
