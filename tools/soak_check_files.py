"""Invariant of watched folders: each file that was put there is judged once it is whole, and once. Pure."""

from __future__ import annotations

from tools.soak_check_facts import DROPPED, Finding, Soak

JUDGED = ("GOOD", "BAD", "UNKNOWN")
WHOLE_LINE = "the whole line"  # a capture that dies alone judges nothing again


def files_judged(soak: Soak) -> Finding:
    """Each file of a watched folder, once it is whole, is judged, and once; again only where its list could be lost."""
    breaks, checked, again = [], 0, 0
    outcomes = {(c.name, run, seq): outcome for c, run, seq, outcome in soak.frames() if c.watched}
    for drop in soak.watched.drops:
        checked += 1
        takings = [t for t in soak.watched.takings if (t.camera, t.file, t.size) == (drop.camera, drop.file, drop.size)]
        judged = [t for t in takings if outcomes.get(t.key) in JUDGED]
        dropped = [t for t in takings if outcomes.get(t.key, "").startswith(DROPPED)]
        if not judged and not dropped:  # what a drop needs for its excuse is looked at where defects are
            breaks.append(f"{drop.camera}: {drop.file} was put there, and was never judged")
        if len(judged) > 1:
            again += 1
            when = soak.when(*judged[0].key)
            if not (soak.journal.hit(WHOLE_LINE, when) or soak.journal.excused("evidence", when)):
                breaks.append(f"{drop.camera}: {drop.file} was judged {len(judged)} times")
    return Finding(checked, tuple(breaks), f"{again} judged again, which a fault explains" if again else "")
