"""What the page's server is made of: handed to it, and to every call, as one."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from stream.messages import Answer
from stream.noting import Noting
from stream.searching_pool import LogPool
from stream.web.alarm_desk import AlarmDesk
from stream.web.announcing import Announce
from stream.web.audience import Audience
from stream.web.bulk import Bulk
from stream.web.guard import Guard
from stream.web.listeners import Listeners
from stream.web.logins import Logins
from stream.web.talk import PageStatus
from stream.web.turned_away import TurnedAway

Recipe = Callable[[str, str], Awaitable["Answer | None"]]  # its name, who wants it → how the change came out


@dataclass(frozen=True)
class Page:
    """What the server needs."""

    guard: Guard
    audience: Audience
    data_dir: Path
    status: Callable[[], PageStatus]
    turned_away: TurnedAway
    announce: Announce | None = None  # what takes the parts that cameras are told of
    logins: Logins | None = None  # its users; None: it has none
    alarms: AlarmDesk | None = None  # what knows who knows of which alarm
    noting: Noting = field(default_factory=Noting)  # what takes acts to the recorder, for the audit
    recipe: Recipe | None = None  # what takes a wish for another recipe
    metrics: Callable[[], str] | None = None  # what /metrics says
    listeners: Listeners = field(default_factory=lambda: Listeners(f"{time.time_ns():x}"))
    bulk: Bulk = field(default_factory=Bulk)  # what does the work that takes long
    log: LogPool = field(init=False)  # connections that read the defect log

    def __post_init__(self) -> None:
        object.__setattr__(self, "log", LogPool(self.data_dir))
