"""Runs networks: one file an engine, behind one small Protocol."""
