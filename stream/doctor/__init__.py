"""What is wrong with a line on this very computer, and what to do: one file an area, all of them in areas.py."""
