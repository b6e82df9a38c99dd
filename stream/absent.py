"""Inspectors on other hosts that nobody here starts or watches: how long each has been silent. Pure."""

from __future__ import annotations

from stream.hosts import host_of, inspectors_of
from stream.settings import LineSettings

SILENT_S = 8.0  # each says who it is every two seconds, but not while it judges


class Absent:
    """What the recorder knows of inspectors that live on another host than itself."""

    def __init__(self, line: LineSettings, now_s: float) -> None:
        here = host_of(line, "record")
        self._hosts = {role: host for role in inspectors_of(line) if (host := host_of(line, role)) != here}
        self._heard_s = dict.fromkeys(self._hosts, now_s)

    def heard(self, inspector: str, now_s: float) -> None:
        """It said who it is."""
        if inspector in self._heard_s:
            self._heard_s[inspector] = now_s

    def alarms(self, now_s: float) -> tuple[str, ...]:
        """In plain words, for each that is silent."""
        return tuple(
            f"{role} on the host {self._hosts[role]} has said nothing for {now_s - heard_s:.0f} s: is it started there?"
            for role, heard_s in self._heard_s.items()
            if now_s - heard_s > SILENT_S
        )
