"""Whether the line does what it is there for: every camera takes pictures, something judges, it is recorded. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from stream.web.talk import PageStatus

WELL = ("running", "ended", "waiting")  # waiting: a camera that takes pictures on order, and has none


def missing(status: PageStatus) -> Iterator[str]:
    """What is not as it must be, a sentence each; nothing: the line is ready."""
    for camera in status.cameras:
        if camera.state not in WELL:
            yield f"camera {camera.name}: {camera.state}. {camera.text}".strip()
    inspectors = [role for role in status.roles if role.role.startswith("inspect ")]
    if inspectors and not any(role.state == "running" for role in inspectors):
        yield "no inspector runs: " + "; ".join(f"{role.role} {role.state} {role.text}".strip() for role in inspectors)
    elif not status.engine:
        yield "no inspector has come up yet"
    if not status.records:
        yield "the recorder is not heard, or its disk takes nothing; see the alarms"
