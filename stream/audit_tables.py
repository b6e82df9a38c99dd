"""The checks of all that is not verdicts and acts, in one table: what can be reckoned from these, or is held beside."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from stream.audit_check import Finding
from stream.audit_forms import check_forms
from stream.audit_incidents import check_incidents
from stream.audit_ledger import check_ledger
from stream.audit_minutes import check_minutes
from stream.audit_parts import check_parts
from stream.audit_pictures import check_pictures
from stream.audit_recipes import check_recipes
from stream.audit_reviews import check_reviews
from stream.audit_samples import check_samples
from stream.audit_settings import check_settings
from stream.audit_vouched import check_vouched

Check = Callable[[sqlite3.Connection], Iterator[Finding]]
# A log of this version gets all its tables before it gets an index; one that was brought up had indexes before.
BROUGHT_UP = """
SELECT EXISTS (SELECT 1 FROM chain WHERE number = 0) OR
  (SELECT rowid FROM sqlite_master WHERE name = 'minutes') >
  (SELECT min(rowid) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL)
"""


def checks(db: sqlite3.Connection) -> dict[str, Check]:
    """What is looked at beside chain, verdicts and acts, by its name for people, in order."""
    older = is_older(db)
    return {
        "forms": check_forms,
        "vouched": check_vouched,
        "reviews": check_reviews,
        "ledger": check_ledger,
        "incidents": check_incidents,
        "pictures": check_pictures,
        "parts": check_parts,
        "minutes": lambda opened: check_minutes(opened, older=older),
        "samples": check_samples,
        "recipes": check_recipes,
        "settings": lambda opened: check_settings(opened, older=older),
    }


def is_older(db: sqlite3.Connection) -> bool:
    """Whether the log was begun by a version that kept no minutes and no acts."""
    return bool(db.execute(BROUGHT_UP).fetchone()[0])
