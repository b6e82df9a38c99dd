"""No false accusation: whatever happened to a line, its log is what the audit reckons, after every commit."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.audit_check import Finding, check_chain
from stream.audit_tables import checks
from stream.bookkeeping import Bookkeeping
from stream.defect_log import DefectLog
from stream.keeping import evidence_folder, sample_folder
from stream.log_batch import SampleRow
from stream.messages import Act, Event, Judged, Outcome, PartBegin, Report
from stream.places import SHM
from tests.frames import RUN, frame, judged, report
from tests.older_log import as_version_3
from tests.test_bookkeeping import PlayedRecorder
from tests.test_noting import act, review

FRAMES = 24
FATES = st.sampled_from(["GOOD", "GOOD", "GOOD", "BAD .6", "BAD .8", "BAD .9", "UNKNOWN", "dropped:newest", "poison"])
WORDS = [
    "defect",
    "false_alarm",
    "withdrawn",
    "missed",
    "clean",
    "pin",
    "unpin",
    "challenge",
    "sample",
    "delete",
    "gone",
    "event",
]
ACTIONS = st.lists(
    st.integers(0, 2 * FRAMES)
    | st.sampled_from(["commit", "commit", "commit", "refuse", "evidence", "evidence", "die", "another gap", "older"])
    | st.tuples(st.sampled_from(WORDS), st.integers(0, FRAMES - 1)),
    max_size=70,
)


@dataclass
class Line(PlayedRecorder):
    """The recorder of a line that is started again and again, now and then with other settings."""

    gap: int = 3
    told: int = field(default=0)  # acts

    def start(self) -> None:
        self.starts += 1
        session = f"s{self.starts}"
        self.log = DefectLog(self.data_dir, self.gap)
        said = json.dumps({"recorder": {"incident_gap_frames": self.gap}, "name": f"start {self.starts // 2}"})
        self.log.begin_session(session, 1000 + self.starts, "line", said)
        self.log.note_engine(session, "cpu", f"codes-{self.starts // 2}")
        self.books = Bookkeeping(
            *(session, f"recorder {self.starts}", self.gap),
            *(lambda c, r: self.log.book(c, r, self.gap), frozenset(["belt"]), lambda: self.starts * 10**11),
        )
        self.jobs.clear()

    def write_evidence(self) -> None:
        if self.jobs:
            job = self.jobs.pop(0)
            seq = job.frame.seq
            self.books.judged(job, evidence_folder("belt", RUN, seq), bytes([seq] * 32))

    def do(self, word: str, seq: int) -> None:
        """What people do, and retention."""
        self.told += 1
        name, batch = f"act {self.told}", self.books.staged.batch
        known = self.books.book("belt", RUN).ledger.outcome(seq)
        if word == "sample":
            if known == "GOOD" and self.books.entered("belt", RUN):
                batch.samples.append(
                    SampleRow(*("belt", RUN, seq, 1, 0.1, "near"), sample_folder("belt", RUN, seq), "", "")
                )
        elif word == "gone":
            batch.gone_samples.append(("belt", RUN, seq))
        elif word == "event":
            self.books.event(Event("belt", RUN, "gap", f"{seq} frames were lost", seq))
        elif word == "delete":
            at_ns = frame(seq).captured_utc_ns
            new = {"count": 1, "bytes": 1, "from_utc_ns": at_ns, "to_utc_ns": at_ns}
            batch.moved_evidence.append(("belt", RUN, seq))
            said = msgspec.json.encode(new).decode()
            self.books.act(Act(name, 1, "retention", "system", "delete", "evidence", "", said))
        elif word in ("pin", "unpin"):
            self.books.act(act(name, "pin", f"belt/{RUN}/{seq}", str(int(word == "pin"))))
        elif word == "challenge":
            self.books.act(act(name, "challenge", f"belt/{RUN}/{seq}", '{"result": "caught"}'))
        else:
            self.books.act(review(name, seq, word, "seen"))


def messages_of(fates: list[str], begins: list[int]) -> list[Judged | Report]:
    """The verdicts, then the reports of the capture, the last of which ends the run."""
    parts = tuple(PartBegin(number, seq, f"P{number}", "Ada", number) for number, seq in enumerate(sorted(begins)))
    verdicts: list[Judged | Report] = []
    decided: list[Outcome] = []
    for seq, fate in enumerate(fates):
        if fate == "poison" or fate.startswith("dropped"):
            what = ("UNKNOWN", fate) if fate == "poison" else (fate, None)
            decided.append(Outcome(seq, seq + 1, *what))
            continue
        state, _, score = fate.partition(" ")
        of = judged(seq, state, float(score) if score else None)
        part = next((begun.part for begun in reversed(parts) if begun.seq <= seq), "")
        verdicts.append(replace(of, frame=replace(of.frame, part=part)))
    reports: list[Judged | Report] = []
    for captured in (len(fates) // 3, len(fates)):
        known = tuple(one for one in decided if one.stop <= captured)
        begun = tuple(part for part in parts if part.seq <= captured)
        ended = captured == len(fates)
        said = report(captured, *known, serial=captured, ended=ended)
        reports.append(replace(said, parts=begun, lost=captured // 5, note="the end" if ended else ""))
    return verdicts + reports


def findings(line: Line) -> list[str]:
    db = line.log._db
    wrong = [step.text for step in check_chain(db) if isinstance(step, Finding)]
    return wrong + [finding.text for check in checks(db).values() for finding in check(db)]


def act_on(line: Line, messages: list[Judged | Report], action: int | str | tuple[str, int]) -> None:
    if isinstance(action, tuple):
        line.do(*action)
    elif isinstance(action, int):
        line.hear(messages[action % len(messages)])
    elif action in ("commit", "refuse"):
        line.commit(refused=action == "refuse")
    elif action == "evidence":
        line.write_evidence()
    elif action == "older":
        line.log.close()
        as_version_3(line.data_dir)
        line.start()
    else:
        line.gap = line.gap % 4 + 1 if action == "another gap" else line.gap
        line.die()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(FATES, min_size=6, max_size=FRAMES),
    st.lists(st.integers(0, FRAMES // 2), max_size=4),
    ACTIONS,
)
def test_a_log_that_nobody_touched_is_never_accused(
    fates: list[str], begins: list[int], actions: list[int | str | tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        line = Line(Path(folder))
        messages = messages_of(fates, [seq for seq in begins if seq < len(fates)])
        at_last = [*range(len(messages)), *["evidence"] * len(messages), "commit"]
        for action in [*actions, *at_last]:
            act_on(line, messages, action)
            if action == "commit":
                assert findings(line) == []
        assert line.log.book("belt", RUN, line.gap).closed  # type: ignore[union-attr]
        line.log.close()
