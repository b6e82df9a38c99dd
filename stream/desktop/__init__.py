"""The live overlay in a window of its own: on the line's computer, or on any other that reaches its page."""
