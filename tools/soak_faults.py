"""Every kind of fault, in one table: what is built later adds its own here, as one entry.

The schedule (soak_schedule.py) says when and on whom; an entry says how. What an entry `relaxes` is explained in
soak_truth.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import soak_around_faults as around
from . import soak_camera_faults as cameras
from . import soak_hits as hits
from . import soak_night as night
from . import soak_page_faults as page
from . import soak_socket_faults as sockets
from . import soak_world_faults as world
from .soak_scene import Begun, Scene
from .soak_schedule import AROUND, KILLS, OTHERS, Cast, Kind, Planned

NIGHT = "night"
HELD_S = (6.0, 6.0)  # for a stopped role to be found; its supervisor's patience is shorter


@dataclass(frozen=True)
class Fault:
    """One kind of fault."""

    kind: Kind
    do: Callable[[Scene, Planned], Begun]
    relaxes: tuple[str, ...] = ()


def _roles(cast: Cast) -> tuple[str, ...]:
    return cast.roles


def _supervisor(_cast: Cast) -> tuple[str, ...]:
    return ("supervisor",)


def _live(cast: Cast) -> tuple[str, ...]:
    return cast.live


def _steady(cast: Cast) -> tuple[str, ...]:
    return cast.steady


def _web(cast: Cast) -> tuple[str, ...]:
    return cast.web


def _watched(cast: Cast) -> tuple[str, ...]:
    return cast.watched


def _told(cast: Cast) -> tuple[str, ...]:
    return cast.told


def _recipes(cast: Cast) -> tuple[str, ...]:
    return cast.recipes


def _recordings(cast: Cast) -> tuple[str, ...]:
    return cast.recordings


def _sockets(cast: Cast) -> tuple[str, ...]:
    return cast.sockets


def _page(cast: Cast) -> tuple[str, ...]:
    return ("page",) if "page" in cast.sockets else ()


def _challenged(cast: Cast) -> tuple[str, ...]:
    return cast.challenged


def _heard(cast: Cast) -> tuple[str, ...]:
    return cast.heard


def _gige(cast: Cast) -> tuple[str, ...]:
    return cast.gige


def _budgets(cast: Cast) -> tuple[str, ...]:
    return ("",) if cast.budgets else ()


def _line(_cast: Cast) -> tuple[str, ...]:
    return ("",)


FAULTS = (
    # killed and stopped
    Fault(Kind("kill", KILLS, 8, _roles), hits.kill),
    Fault(Kind("kill two", KILLS, 2, _roles), hits.kill_two),
    Fault(Kind("stop", KILLS, 3, _roles, HELD_S), hits.stop),
    Fault(Kind("pause", KILLS, 2, _roles, (0.2, 1.2)), hits.pause),
    Fault(Kind("hang", KILLS, 3, _roles, HELD_S), hits.hang),
    Fault(Kind("kill supervisor", KILLS, 1, _supervisor), hits.kill, ("line",)),
    Fault(Kind("pause supervisor", KILLS, 0.7, _supervisor, (0.2, 3.0)), hits.pause),
    Fault(Kind("stop supervisor", KILLS, 0.4, _supervisor, (3.0, 3.0)), hits.stop_supervisor, ("line",)),
    # cameras
    Fault(Kind("lose camera", OTHERS, 1, _live, (0.3, 4.0)), cameras.ordered("lose", away=True)),
    Fault(Kind("freeze camera", OTHERS, 1, _live, (0.3, 6.0)), cameras.ordered("freeze", away=True)),
    Fault(Kind("hang camera", OTHERS, 0.5, _live, (3.0, 18.0)), cameras.ordered("hang", away=True)),
    Fault(Kind("corrupt camera", OTHERS, 1, _steady, (0.3, 2.0)), cameras.ordered("corrupt", away=False)),
    Fault(Kind("resize camera", OTHERS, 1, _steady, (0.3, 3.0)), cameras.resize),
    Fault(Kind("corrupt recording", OTHERS, 1, _recordings), cameras.damage_film),
    # what a line stands on
    Fault(Kind("full disk", OTHERS, 1.5, _line, (1.0, 8.0)), world.fill_disk, ("evidence",)),
    Fault(Kind("slow disk", OTHERS, 1.5, _line, (0.5, 6.0)), world.lock_log, ("evidence",)),
    Fault(Kind("wall clock", OTHERS, 1, _line), world.step_clock, ("clock",)),
    Fault(Kind("starve", OTHERS, 1, _roles, (2.0, 4.0)), hits.starve),
    Fault(Kind("memory pressure", OTHERS, 0.7, _line, (2.0, 4.0)), world.hog_memory),
    Fault(Kind(NIGHT, AROUND, 1, _budgets), night.pass_night),
    Fault(Kind("swap bundle", OTHERS, 1.5, _line, (8.0, 8.0)), world.swap_bundle),
    # sockets
    Fault(Kind("garbage", OTHERS, 3, _sockets, (3.0, 3.0)), sockets.garbage),
    Fault(Kind("slow viewer", OTHERS, 1, _page, (2.0, 8.0)), sockets.slow_viewer),
    # what stands around the line, and what people ask of it
    Fault(Kind("kill web camera", AROUND, 1, _web, (0.2, 6.0)), around.kill_web),
    Fault(Kind("freeze web camera", AROUND, 1, _web, (0.3, 5.0)), around.freeze_web),
    Fault(Kind("kill broker", AROUND, 1.5, _heard, (0.2, 6.0)), around.kill_broker),
    Fault(Kind("freeze broker", AROUND, 1, _heard, (1.0, 12.0)), around.freeze_broker),
    Fault(Kind("broker garbage", AROUND, 1, _heard), around.make_noise),
    Fault(Kind("kill gige camera", AROUND, 1.5, _gige, (0.2, 6.0)), around.kill_gige),
    Fault(Kind("freeze gige camera", AROUND, 1, _gige, (0.3, 8.0)), around.freeze_gige),
    Fault(Kind("gige garbage", AROUND, 1, _gige), around.throw_packets),
    Fault(Kind("folder away", AROUND, 1, _watched, (0.3, 5.0)), around.take_folder_away),
    Fault(Kind("announce part", AROUND, 2, _told, (5.0, 5.0)), around.announce_part),
    Fault(Kind("switch recipe", AROUND, 1.5, _recipes, (8.0, 8.0)), around.switch_recipe),
    # what people say at the page
    Fault(Kind("review incident", AROUND, 3, _page, (8.0, 8.0)), page.review_incident),
    Fault(Kind("review sample", AROUND, 2, _page, (8.0, 8.0)), page.review_sample),
    Fault(Kind("challenge", AROUND, 2, _challenged, (8.0, 8.0)), page.challenge),
)
KINDS = tuple(fault.kind for fault in FAULTS)
BY_NAME = {fault.kind.name: fault for fault in FAULTS}
