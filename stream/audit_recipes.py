"""Whether the names of recipes are of settings by which something was judged: a row comes with the first such frame."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from stream.audit_check import Finding

STRAYS = """
SELECT settings, recipe FROM recipes WHERE settings NOT IN (SELECT settings FROM verdicts WHERE settings IS NOT NULL)
"""


def check_recipes(db: sqlite3.Connection) -> Iterator[Finding]:
    """Names that no verdict can have brought; a name that was changed is seen at the incidents that show it."""
    for settings, recipe in db.execute(STRAYS):
        yield Finding(f"recipe {recipe!r} of the settings {settings}: added, nothing was judged by them")
