"""What there is to filter by: the cameras, bundles, recipes, reasons and kinds that the log knows. Pure.

Of what may be large, only the newest rows are looked at.
"""

from __future__ import annotations

from stream.searching_terms import Query

RECENT = 50_000


# Each menu and where its words are found, in their order. Reasons of dropped frames stand behind `dropped:`.
FOUND_BY: dict[str, Query] = {
    "cameras": Query("SELECT DISTINCT camera FROM runs ORDER BY camera", ()),
    "bundles": Query(
        "SELECT bundle FROM sessions WHERE bundle <> '' UNION"
        " SELECT bundle FROM (SELECT bundle FROM incidents ORDER BY utc_ns DESC LIMIT ?) ORDER BY bundle",
        (RECENT,),
    ),
    "recipes": Query("SELECT DISTINCT recipe FROM recipes WHERE recipe <> '' ORDER BY recipe", ()),
    "reasons": Query(
        "SELECT DISTINCT word.key FROM (SELECT reasons FROM minutes WHERE reasons <> '{}' ORDER BY minute DESC LIMIT ?)"
        " CROSS JOIN json_each(reasons) AS word ORDER BY word.key",
        (RECENT,),
    ),
    "event_kinds": Query(
        "SELECT DISTINCT kind FROM (SELECT kind FROM events ORDER BY utc_ns DESC LIMIT ?) ORDER BY kind", (RECENT,)
    ),
    "act_kinds": Query(
        "SELECT DISTINCT kind FROM (SELECT kind FROM acts ORDER BY number DESC LIMIT ?) ORDER BY kind", (RECENT,)
    ),
    "people": Query(
        "SELECT DISTINCT who FROM (SELECT who FROM acts ORDER BY number DESC LIMIT ?) ORDER BY who LIMIT 200", (RECENT,)
    ),
}
