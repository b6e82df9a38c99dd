"""What a soak writes down for whoever checks it: what was true, what was done, what was left. Pure but for two files.

A soak (`python -m tools.soak`) leaves a folder DIR:

    truth.json      one object, `Truth`: written before the line starts
    journal.jsonl   one object a line, with `kind`: written and flushed as it happens
    rings.jsonl     one object a line, `RingEntry`: the frames that lay in the ring of a capture that had just died,
                    alone or with its supervisor
    leaks.json      one object, `Leaks`: what was still there after the line had ended
    data/           the line's data_dir: log.sqlite, evidence/, video/, bundles/ (its path stands in truth.json)
    line.yaml       the settings that ran            line.log    what the line said
    films/NAME.mp4  the recordings that were played
    watched/NAME/   the folders that were watched    drops.jsonl  one object a line, `DropEntry`: what was put into them

TRUTH OF A FRAME. Each picture carries a number, counted 0, 1, 2, … from each opening of its source; a recording begins
with 0 and its numbers are the indices of its pictures. So a row (camera, run, seq) of the log is of the picture with
number == seq, always: no fault of this harness makes a source skip a number. That picture is BAD where

    int.from_bytes(sha256(f"{seed}|{camera}|{seq}".encode()).digest()[:8], "big") < bad_share * 2**64

(seed in decimal, camera its name) and GOOD elsewhere. A frame may always be UNKNOWN or dropped by name: that is not
wrong, but never GOOD for BAD or BAD for GOOD. How a number is read from a kept picture: the layout in
stream/sources/numbered_picture.py. A picture sent damaged on purpose (faults `corrupt …`) has the same truth.

SPELLS. A camera may fail by itself, as a function of the number: WHAT-START-STOP-EVERY are the pictures with START <=
number % EVERY < STOP. `black`: all 0. `damaged`: sent damaged. `frozen`: the picture before the spell, again and
again, its number, too, and so its truth. Beside spells, a picture is sent damaged where the hash of
f"{seed}|{camera}|{seq}|damaged" is below damaged_share * 2**64. What is black or sent damaged must be UNKNOWN or
dropped; what is frozen from 1 s after the spell's beginning on.

WATCHED FOLDERS. Files come in any order, so there seq is not the number: number and file stand in drops.jsonl, and
which (camera, run, seq) a file was in the line's own list, data/watched/NAME.jsonl. A file that was taken before it
was whole (its size there is smaller) must be UNKNOWN or dropped, and is taken again once it is whole.

truth.json
    format 1 · seed · minutes · name (of the line) · data_dir (absolute) · bundle (ids of the bundles that may judge)
    rule (the sentence above) · incident_gap_frames · evidence_min_free_mb · notes (what could not be done here, in
    words, each a sentence) · filmed (names of the cameras that have clips) · continuous (names of those whose recording
    is kept) · has (what the line has, in words of tools/soak_has.py: what a soak of it must come to see)
    cameras: name · kind "live" | "recording" | "web" | "watched" | "gige" · policy "newest" | "every" · bad_share 0..1
    width, height px (as opened; a fault may change them for a while) · fps · pictures (of a recording: how many it has;
    null: endless) · deadline_ms (null where policy is every: such frames have no deadline) · spells · damaged_share
    told (of parts) · heard (of the soak's own broker) · ordered (it takes a picture for each part, and none else)

journal.jsonl: every line has kind, utc_ns (true wall clock, whatever clock the line is shown), mono_ns
(CLOCK_MONOTONIC, as captured_mono_ns in the log). `id` counts the faults of the schedule from 0.
    {"kind": "fault", "id", "name", "target", "pid", "relaxes", "done", "text"}
        name: a key of the table of faults (tools/soak_faults.py). target: a role as `ps` shows it ("inspect 1",
        "capture belt", "record", "display"), "supervisor", a camera's name, a socket's name, or "". pid: of the
        process hit, 0 where none. relaxes: [] or words for what need not hold around it (RELAXES below).
        done: false where it could not be done (the role was just down); text says why.
    {"kind": "ended", "id", "name", "target", "text"}           the fault is over (camera back, disk free, lock gone)
        `announce part` and `switch recipe`: the fault's text is the part or recipe, the end's begins with `done` where
        the line has said yes
    {"kind": "recovery", "id", "name", "target", "pid", "found_s", "beat_s", "work_s"}
        pid: the new process. Seconds from the fault: found_s until the hit process was dead (for kills near 0),
        beat_s until its successor's first beat, work_s until it was at work again (capture: its next picture; the
        others: as beat_s; supervisor: until every role has beaten). null where that was not seen within 180 s.
    {"kind": "line", "what": "started" | "exited" | "stopping", "pid", "code", "asked", "text"}
        a start of the supervisor and its end; code null unless exited; asked: whether this harness ended it.

RELAXES: the words a fault may carry, and what they excuse, from its `fault` line to 15 s after its `ended` line
    evidence   a BAD row may be without evidence (`unrecorded`: the disk refused for longer than slots were free)
    clock      captured_utc_ns may jump; run numbers (microseconds UTC) need not grow with time
    line       the line was restarted as a whole: a new session; excuses no loss

rings.jsonl
    camera · pid (of the dead capture, or of its dead supervisor) · held: [[run, seq], …]. Its successor adopts them:
    each ends as GOOD, BAD or UNKNOWN, or gives way by name (dropped:newest where the policy is newest; unrecorded where
    that is explained), but never as dropped:capture_died or dropped:line_died.

drops.jsonl
    camera · file · number · size (bytes, whole) · how (whole; half: in two halves) · mono_ns (once it was whole)

acts.jsonl
    what people said at the page: tools/soak_said.py

audit.json
    exit_code · findings: what `stream audit verify --evidence` said of the log once the line had ended

A run whose source begins with `challenge:` is a stored picture that is known to be bad, and none of its camera's.

leaks.json
    processes: [{"pid", "command"}] of this line that still live · sockets: paths on which somebody still listens or
    whose file is left · segments: rings (shared memory) left · other: files left in the runtime folder (locks, hearts)
    exit_code of the last supervisor, asked to stop; null where it had to be killed
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from stream.sources.numbered_picture import is_bad as is_bad

FORMAT = 1
TRUTH, JOURNAL, LEAKS, REPORT = "truth.json", "journal.jsonl", "leaks.json", "report.json"
RINGS, DROPS, AUDIT = "rings.jsonl", "drops.jsonl", "audit.json"
RULE = 'BAD where the first 8 bytes (big endian) of SHA-256 over "SEED|CAMERA|SEQ" are below bad_share * 2**64'
RELAXES = ("evidence", "clock", "line")


class CameraTruth(msgspec.Struct, frozen=True):
    """One camera of the soak."""

    name: str
    kind: str  # live | recording | web | watched | gige
    policy: str  # newest | every
    bad_share: float
    width: int
    height: int
    fps: float
    pictures: int | None
    deadline_ms: float | None
    spells: tuple[str, ...] = ()
    damaged_share: float = 0.0
    told: bool = False
    heard: bool = False
    ordered: bool = False


class Truth(msgspec.Struct, frozen=True):
    """What was true of a soak."""

    seed: int
    minutes: float
    name: str
    data_dir: str
    bundle: tuple[str, ...]
    cameras: tuple[CameraTruth, ...]
    incident_gap_frames: int
    evidence_min_free_mb: int
    notes: tuple[str, ...] = ()
    filmed: tuple[str, ...] = ()
    continuous: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    rule: str = RULE
    format: int = FORMAT


class Entry(msgspec.Struct, frozen=True, tag_field="kind"):
    """What every line of the journal has."""

    utc_ns: int
    mono_ns: int


class FaultEntry(Entry, frozen=True, tag="fault"):
    """A fault begins."""

    id: int
    name: str
    target: str
    pid: int
    relaxes: tuple[str, ...]
    done: bool
    text: str


class EndedEntry(Entry, frozen=True, tag="ended"):
    """A fault is over."""

    id: int
    name: str
    target: str
    text: str


class RecoveryEntry(Entry, frozen=True, tag="recovery"):
    """A role is back; seconds from the fault."""

    id: int
    name: str
    target: str
    pid: int
    found_s: float | None
    beat_s: float | None
    work_s: float | None


class LineEntry(Entry, frozen=True, tag="line"):
    """The supervisor starts, stops or is gone."""

    what: str  # started | stopping | exited
    pid: int
    code: int | None
    asked: bool
    text: str


class RingEntry(msgspec.Struct, frozen=True):
    """What a capture that died left in its ring."""

    camera: str
    pid: int
    held: tuple[tuple[int, int], ...]  # (run, seq)


class DropEntry(msgspec.Struct, frozen=True):
    """A file that was put into a watched folder, and is whole."""

    camera: str
    file: str
    number: int
    size: int
    how: str  # whole | half
    mono_ns: int


class Process(msgspec.Struct, frozen=True):
    """A process that is left."""

    pid: int
    command: str


class Leaks(msgspec.Struct, frozen=True):
    """What is left after the end."""

    processes: tuple[Process, ...]
    sockets: tuple[str, ...]
    segments: tuple[str, ...]
    other: tuple[str, ...]
    exit_code: int | None


JournalEntry = FaultEntry | EndedEntry | RecoveryEntry | LineEntry
Document = TypeVar("Document", Truth, Leaks)
_entry = msgspec.json.Decoder(JournalEntry)


def write_document(path: Path, document: Truth | Leaks) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")


def read_document(path: Path, kind: type[Document]) -> Document:
    """Raises msgspec.DecodeError where the file is not such a document, OSError where it cannot be read."""
    return msgspec.json.decode(path.read_bytes(), type=kind)


def line_of(entry: JournalEntry) -> bytes:
    """One line of the journal."""
    return msgspec.json.encode(entry) + b"\n"


def read_journal(path: Path) -> tuple[JournalEntry, ...]:
    """Every entry, oldest first. Raises msgspec.DecodeError, OSError."""
    return tuple(_entry.decode(line) for line in path.read_bytes().splitlines() if line)


def read_rings(path: Path) -> tuple[RingEntry, ...]:
    """What dead captures left, oldest first; nothing where none died. Raises msgspec.DecodeError, OSError."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return tuple(msgspec.json.decode(line, type=RingEntry) for line in lines)
