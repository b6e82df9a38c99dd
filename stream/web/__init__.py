"""The page: its server and its static files."""
