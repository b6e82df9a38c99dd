"""For people: train, export, synthesize, bench."""
