"""Moves frames and keeps the line alive: capture, inspector, recorder, display and their supervisor."""
