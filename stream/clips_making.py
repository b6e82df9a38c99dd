"""One turn of making clips: looks at each run that has segments, cuts what is due, lets go of what nobody needs.

Called again and again by a thread of the role; it alone touches the disk. What was done is on disk, so a successor of
a killed one goes on, also on the next start of the line.
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stream.clips_cutting import CutError, cut
from stream.clips_due import Done, Plan, Recording, Wish, plan, recording_of, segments_for
from stream.clips_log import Connection, read_run, session_runs
from stream.clips_places import clipped
from stream.durable import make_folder, replace_file
from stream.keeping import LOG_FILE, SEGMENTS_FOLDER, clip_file
from stream.log_error import LogError
from stream.log_reading import keeps_incidents, reading
from stream.segments import Segment, run_folder, ticks
from stream.segments_shelf import RunSegments
from stream.settings import LineSettings

log = logging.getLogger("linewatch")
DONE_FILE = "done.json"  # in a run's folder of segments: how far its clips are
OVER_FILE = "over"  # there: all of them are made; it goes with the next start of the line
KEPT_MOST_S = 1800.0  # of a recording that is kept for clips alone, whatever the log says: it may be out of reach
QUIET_S = 3.0  # a run that has ended, and whose newest segment did not grow for so long, grows no more
UNKNOWN_S = 60.0  # a run that the log has not heard of after so long has no incidents


@dataclass(frozen=True)
class Turn:
    """What came of a turn."""

    made: int = 0
    alarm: str = ""
    said: tuple[tuple[str, int, str], ...] = ()  # camera, run, what should be on record
    busy: bool = False  # something is still to come: incidents without their clip


@dataclass
class _Run:
    of: tuple[str, int]  # its camera, and the run
    segments: RunSegments
    done: Done
    settled: int = 0
    grew_s: float = 0.0
    reach: int = -1
    over: bool = False
    ahead: set[Wish] = field(default_factory=set)  # cut at the line's end, and not noted


@dataclass
class Making:
    """All runs of a line that have segments, or should have."""

    line: LineSettings
    session: str  # the start of the line: of its runs also those count of which nothing was recorded
    clock: Callable[[], float] = time.monotonic
    ending: bool = False  # the line is stopped: nobody hears any more why an incident has no clip
    _runs: dict[tuple[str, int], _Run] = field(default_factory=dict)
    _finished: set[tuple[str, int]] = field(default_factory=set)

    def turn(self) -> Turn:
        """Everything that can be done now. What the disk refuses is an alarm, and tried again."""
        made, said, busy = 0, list[tuple[str, int, str]](), False
        try:
            with reading(self.line.data_dir) as db:
                if not keeps_incidents(db):
                    return Turn()
                for camera, run in self._present(session_runs(db, self.session)):
                    turn = self._one(db, camera, run)
                    made, busy = made + turn.made, busy or turn.busy
                    said += turn.said
        except LogError as error:
            return Turn(made, "", tuple(said), busy=bool(self._runs)) if not _is_there(self.line) else _refused(error)
        except OSError as error:
            return Turn(made, _refused(error).alarm, tuple(said), busy=True)
        return Turn(made, "", tuple(said), busy)

    def _present(self, of_session: frozenset[tuple[str, int]]) -> Iterator[tuple[str, int]]:
        """Runs that are not done with: those that have segments, and those of this start of the line."""
        folder = self.line.data_dir / SEGMENTS_FOLDER
        filmed = {camera.name for camera in clipped(self.line)}
        found = {(camera, run) for camera, run in of_session if camera in filmed}
        for camera in _folders(folder):
            found |= {(camera, int(name)) for name in _folders(folder / camera) if name.isdecimal()}
        for key in sorted(found - self._finished):
            lies = run_folder(self.line.data_dir, *key)
            if not (lies / OVER_FILE).exists():
                yield key
                continue
            self._finished.add(key)
            if key not in of_session and not self.line.clips.continuous:
                _remove(lies)

    def _one(self, db: Connection, camera: str, run: int) -> Turn:
        known = self._runs.get((camera, run)) or self._open(camera, run)
        self._runs[camera, run] = known
        segments = known.segments.look()
        recording = recording_of(segments, ended=False)
        if recording.reach > known.reach:
            known.reach, known.grew_s = recording.reach, self.clock()
        state = read_run(db, camera, run, known.done.first_seq, known.settled)
        if state is None:
            return self._unknown(known, run, recording)
        known.settled = state.settled
        if not recording.ended and state.ended and self.clock() - known.grew_s > QUIET_S:
            recording = recording_of(segments, ended=True)
        wanted = plan(state, recording, known.done, self.line.recorder.incident_gap_frames, self.line.clips)
        known.over = wanted.over and recording.ended
        busy = state.ended and not known.over
        if self.ending and wanted.unseen:
            return self._leave(known, wanted, segments, busy=busy)
        said = [(camera, run, _nothing(incident.first_seq)) for incident in wanted.unseen]
        for wish in wanted.due:
            said += self._cut(known, segments, wish)
            self._note(known, wish.then)
        if known.done != wanted.done:
            self._note(known, wanted.done)
        self._let_go(known, wanted, segments)
        if wanted.over:
            self._finish(camera, run)
        return Turn(len(wanted.due), "", tuple(said), busy)

    def _leave(self, known: _Run, wanted: Plan, segments: tuple[Segment, ...], *, busy: bool) -> Turn:
        """Cuts what is due, but the next start finds the run, and says why the others have no clip.

        It begins at the first of these: what comes after that is cut and not noted, and once more cut by then.
        """
        make_folder(known.segments.folder)
        due = [wish for wish in wanted.due if wish not in known.ahead]
        said = list[tuple[str, int, str]]()
        for wish in due:
            refused = self._cut(known, segments, wish)
            if wish.then.first_seq <= wanted.unseen[0].first_seq:
                said += refused
                self._note(known, wish.then)
            known.ahead.add(wish)
        return Turn(len(due), "", tuple(said), busy)

    def _open(self, camera: str, run: int) -> _Run:
        folder = run_folder(self.line.data_dir, camera, run)
        done = _read_done(folder / DONE_FILE)
        segments = RunSegments(folder, done.first_seq, ticks(self.line.clips.pre_s))
        return _Run((camera, run), segments, done, settled=done.first_seq, grew_s=self.clock())

    def _cut(self, known: _Run, segments: tuple[Segment, ...], wish: Wish) -> list[tuple[str, int, str]]:
        target = self.line.data_dir / clip_file(*known.of, wish.incident.first_seq, wish.part)
        try:
            cut(known.segments.folder, segments_for(segments, wish), wish, target)
        except CutError as error:
            return [(*known.of, f"incident of frame {wish.incident.first_seq} has no clip: {error}")]
        return []

    def _note(self, known: _Run, done: Done) -> None:
        known.done = done
        with contextlib.suppress(FileNotFoundError):  # a person has deleted the folder
            replace_file(known.segments.folder / DONE_FILE, json.dumps([done.first_seq, done.parts]).encode())

    def _let_go(self, known: _Run, wanted: Plan, segments: tuple[Segment, ...]) -> None:
        kept = self.line.clips.continuous
        newest = segments[-1].last if segments else 0
        before = wanted.needed_from if kept else max(wanted.needed_from, newest - ticks(KEPT_MOST_S))
        whole = wanted.over and known.over
        known.segments.forget(before, delete=not kept, whole=whole)

    def _finish(self, camera: str, run: int) -> None:
        known = self._runs[camera, run]
        if not known.over:
            return
        del self._runs[camera, run]
        self._finished.add((camera, run))
        if not self.line.clips.continuous:
            _remove(known.segments.folder)
        make_folder(known.segments.folder)
        (known.segments.folder / OVER_FILE).touch()

    def _unknown(self, known: _Run, run: int, recording: Recording) -> Turn:
        """A run that the log does not know (yet)."""
        delete = not self.line.clips.continuous
        known.segments.forget(recording.reach - ticks(KEPT_MOST_S), delete=delete)
        if time.time() - run / 1e6 > UNKNOWN_S and self.clock() - known.grew_s > UNKNOWN_S:
            known.segments.forget(0, delete=delete, whole=True)
        return Turn()


def _folders(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if path.is_dir()]
    except OSError:
        return []


def _remove(folder: Path) -> None:
    """What is left of a run whose clips are made; other things that lie there stay."""
    for path in (folder / DONE_FILE, folder / OVER_FILE, *folder.glob("*.jsonl"), *folder.glob("*.mp4")):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _read_done(path: Path) -> Done:
    try:
        first_seq, parts = json.loads(path.read_text())
        return Done(int(first_seq), int(parts))
    except (OSError, ValueError, TypeError):
        return Done()


def _nothing(first_seq: int) -> str:
    return f"incident of frame {first_seq} has no clip: none of its pictures was recorded"


def _is_there(line: LineSettings) -> bool:
    return (line.data_dir / LOG_FILE).exists()


def _refused(error: Exception) -> Turn:
    reason = getattr(error, "strerror", None) or error
    return Turn(alarm=f"clips cannot be made: {reason}; make room on the disk, or see to data_dir", busy=True)
