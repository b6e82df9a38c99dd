"""What programs may ask of the page, and how they are answered: one table of routes (table.py), a module a subject."""
