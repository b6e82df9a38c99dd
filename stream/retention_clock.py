"""A clock by which pictures age, that no step of the wall clock moves. Pure but for `moment`.

It goes as this computer does (CLOCK_BOOTTIME: sleep counts), and adds what the wall clock says of the time in which it
was off. A wall clock that is suddenly ahead may be right (a computer without a battery learns the time after its start)
or somebody's mistake: each step is believed once it has stood for a day, and what it would cost is said before. While a
computer runs it is not off: a lead can only speak of the time before it was started.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

HOUR_NS = 3600 * 1_000_000_000
BELIEVED_NS = 24 * HOUR_NS  # for which the wall clock must say the same
AT_ONCE_NS = 7 * 24 * HOUR_NS  # that a computer may have been off, and nobody is asked
UNSET_NS = 1_735_689_600 * 1_000_000_000  # 2025: a clock that shows less has not been set since the computer started
SLEW_NS = 60 * 1_000_000_000  # two clocks differ by so much without a step
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Moment:
    """What this computer's clocks say."""

    boot_id: str
    boot_ns: int  # since it was started
    utc_ns: int


@dataclass(frozen=True)
class Lead:
    """A step of the wall clock that is not believed yet."""

    ns: int  # below 0: it was put back
    since_ns: int  # by this clock
    from_ns: int  # what this clock said before the boot: it speaks of a time that lies before all that came since


@dataclass(frozen=True)
class KeptClock:
    """How far the clock has come; on disk between two starts."""

    boot_id: str
    boot_ns: int
    now_ns: int  # what it says
    off_ns: int = 0  # the wall clock's lead over it that counts for nothing
    booted_ns: int = 0  # what it said before this boot, or before the wall clock was last known to be set
    unset: bool = False  # the wall clock was not set in this boot yet
    leads: tuple[Lead, ...] = ()

    @property
    def ahead_ns(self) -> int:
        """What is not believed yet."""
        return sum(lead.ns for lead in self.leads)

    @property
    def ripe(self) -> Lead | None:
        """What has stood for so long that it is to be believed."""
        return next((lead for lead in self.leads if self.now_ns - lead.since_ns >= BELIEVED_NS), None)

    @property
    def doubt(self) -> str:
        """What people should hear of a wall clock that is far ahead; empty where it is not."""
        if self.ahead_ns <= AT_ONCE_NS:
            return ""
        since_ns = max(lead.since_ns for lead in self.leads)
        days, hours = self.ahead_ns / (24 * HOUR_NS), max(0.0, (since_ns + BELIEVED_NS - self.now_ns) / HOUR_NS)
        return (
            f"the computer's clock is {days:.0f} days further than the time that has passed here; if it still is when "
            f"the line has run {hours:.0f} more hours, pictures from before the computer was started are that much "
            "older: set it right first if it is wrong"
        )


def begun(now: Moment) -> KeptClock:
    """Where nothing was kept before: the wall clock is all there is."""
    unset = now.utc_ns < UNSET_NS
    return KeptClock(now.boot_id, now.boot_ns, now.utc_ns, booted_ns=now.utc_ns - now.boot_ns, unset=unset)


def advanced(clock: KeptClock, now: Moment) -> KeptClock:
    """The clock at a later moment."""
    clock = stepped(clock, now)
    while (lead := clock.ripe) is not None:
        clock = believed(clock, lead)
    return clock


def stepped(clock: KeptClock, now: Moment) -> KeptClock:
    """The clock at a later moment, before anything that is ripe is believed."""
    same_boot, was_unset = now.boot_id == clock.boot_id, clock.unset
    now_ns = clock.now_ns + (max(0, now.boot_ns - clock.boot_ns) if same_boot else 0)
    booted_ns = clock.booted_ns if same_boot or was_unset else clock.now_ns
    clock = replace(clock, boot_id=now.boot_id, boot_ns=now.boot_ns, now_ns=now_ns, booted_ns=booted_ns)
    if now.utc_ns < UNSET_NS:
        return replace(clock, unset=was_unset or not same_boot)
    clock = replace(clock, unset=False)
    if now_ns + clock.off_ns < UNSET_NS:  # it was begun by a clock that was not set, which tells nothing
        return replace(clock, off_ns=now.utc_ns - now_ns, leads=())
    grown_ns = now.utc_ns - now_ns - clock.off_ns - clock.ahead_ns
    if not same_boot and not was_unset and 0 < grown_ns <= AT_ONCE_NS:
        waiting = tuple(replace(lead, since_ns=lead.since_ns + grown_ns) for lead in clock.leads)  # none of it ran
        return replace(clock, now_ns=now_ns + grown_ns, leads=waiting)
    if abs(grown_ns) <= SLEW_NS:
        return clock
    return replace(clock, leads=_stacked(clock.leads, Lead(grown_ns, now_ns, booted_ns)))


def believed(clock: KeptClock, lead: Lead) -> KeptClock:
    """A lead is time that has passed; a clock that was set back takes nothing away: time does not."""
    passed_ns, off_ns = max(0, lead.ns), min(0, lead.ns)

    def later(at_ns: int) -> int:
        return at_ns + passed_ns if at_ns >= lead.from_ns else at_ns

    waiting = tuple(
        replace(other, since_ns=other.since_ns + passed_ns, from_ns=later(other.from_ns))
        for other in clock.leads
        if other is not lead
    )
    now_ns, booted_ns = clock.now_ns + passed_ns, later(clock.booted_ns)
    return replace(clock, now_ns=now_ns, off_ns=clock.off_ns + off_ns, booted_ns=booted_ns, leads=waiting)


def moment() -> Moment:
    """Now."""
    return Moment(BOOT_ID.read_text().strip(), time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns())


def _stacked(leads: tuple[Lead, ...], step: Lead) -> tuple[Lead, ...]:
    """A step undoes the newest of those the other way; what is left of it waits for a day of its own."""
    left_ns = step.ns
    while leads and (leads[-1].ns > 0) != (left_ns > 0):
        *older, newest = leads
        leads, left_ns = tuple(older), left_ns + newest.ns
        if left_ns == 0 or (left_ns > 0) == (newest.ns > 0):
            return (*leads, replace(newest, ns=left_ns)) if abs(left_ns) > SLEW_NS else leads
    return (*leads, replace(step, ns=left_ns)) if abs(left_ns) > SLEW_NS else leads
