"""A production line that is drawn, not filmed: the demo, the tests, the training and the bench use it."""
