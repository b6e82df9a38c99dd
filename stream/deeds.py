"""What was done to a line beside the page, as acts for the audit: settings, bundles, promotions, recipes. Pure.

An act's id is made of what it says, so that whoever reads the same record again, after a death or at another start,
enters nothing twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from stream.acts import SUBJECT_MAX, VALUE_MAX
from stream.chosen_recipe import Choice
from stream.messages import Act
from stream.promotions import Entry
from stream.recipes import NONE
from stream.secrets import HIDDEN, is_address, names_a_secret, redact

WHO_MAX = 64
LINE = "line"  # who did it, where it was no person


def settings_acts(session: str, utc_ns: int, who: str, before: str, after: str) -> tuple[Act, ...]:
    """An act for each setting that is another than in the session before; both as JSON on one line.

    Raises ValueError where one of them is no settings.
    """
    old, new = dict(_leaves("", json.loads(before))), dict(_leaves("", json.loads(after)))
    changed = [path for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path)]
    return tuple(
        Act(
            id=_id("setting", session, path),
            utc_ns=utc_ns,
            who=_who(who),
            role="system",
            kind="setting",
            subject=path[:SUBJECT_MAX],
            old=_shown(path, old.get(path)),
            new=_shown(path, new.get(path)),
        )
        for path in changed
    )


def bundle_act(session: str, utc_ns: int, before: str, after: str, promoted: Entry | None) -> Act:
    """Another bundle judges; `promoted`: the entry that put it live, where there is one."""
    why = f": {promoted.why}" if promoted is not None and promoted.why else ""
    return Act(
        id=_id("bundle", session, str(utc_ns), after),
        utc_ns=utc_ns,
        who=LINE if promoted is None else _who(promoted.who or promoted.user),
        role="system" if promoted is None else "engineer",
        kind="bundle",
        subject=f"inspector.bundle{why}"[:SUBJECT_MAX],
        old=before,
        new=after,
    )


def promote_act(entry: Entry) -> Act:
    """What was done with a bundle, or refused."""
    why = entry.text or entry.why
    return Act(
        id=_id("promote", entry.utc, entry.kind, entry.bundle, entry.who, entry.why),
        utc_ns=_ns(entry.utc),
        who=_who(entry.who or entry.user),
        role="engineer",
        kind="promote",
        subject=f"{entry.kind} {entry.bundle}{f': {why}' if why else ''}"[:SUBJECT_MAX],
        old=entry.before[:VALUE_MAX],
        new=entry.after[:VALUE_MAX],
    )


def recipe_act(choice: Choice) -> Act:
    """Another recipe was chosen."""
    return Act(
        id=_id("recipe", choice.utc, choice.who, choice.before, choice.recipe),
        utc_ns=_ns(choice.utc),
        who=_who(choice.who),
        role="engineer",
        kind="recipe",
        subject="recipe",
        old=choice.before or NONE,
        new=choice.recipe or NONE,
    )


def _leaves(path: str, node: Any) -> Iterator[tuple[str, Any]]:
    """Each setting by its path; what has a name is found by that, as in `cameras.belt.fps`."""
    if isinstance(node, dict) and node:
        for name, below in node.items():
            yield from _leaves(f"{path}.{name}" if path else name, below)
    elif isinstance(node, list) and node and all(isinstance(one, dict) and "name" in one for one in node):
        for one in node:
            below = {key: value for key, value in one.items() if key != "name"}
            yield from _leaves(f"{path}.{one['name']}", below)
    else:
        yield path, node


def _shown(path: str, value: Any) -> str:
    """As JSON, without a secret; empty: there was none."""
    if value is None:
        return ""
    if names_a_secret(path.rsplit(".", 1)[-1]):
        return HIDDEN
    return json.dumps(redact(value) if isinstance(value, str) and is_address(value) else value)[:VALUE_MAX]


def _who(name: str) -> str:
    """As a name on record: printable, and not too long."""
    return "".join(letter if letter.isprintable() else " " for letter in name).strip()[:WHO_MAX] or LINE


def _ns(utc: str) -> int:
    """Of ISO 8601; 0 where it is none."""
    try:
        when = datetime.fromisoformat(utc)
    except ValueError:
        return 0
    return max(0, round((when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp() * 1000) * 1_000_000)


def _id(kind: str, *words: str) -> str:
    return f"{kind} {hashlib.sha256(json.dumps(words).encode()).hexdigest()[:32]}"
