"""Parts through a whole line in real processes: announced in each way, whoever is killed meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.line import ROOT, RunningLine, rows, running, wait_for, write_line
from tests.mqtt_broker import Mosquitto
from tests.needs import need
from tests.sabotage import spoilt_python

TOPIC = "line7/belt/part"
ADDRESS = re.compile(r"http://(127\.0\.0\.1:\d+)")
SOURCE = "numbered:?size=160x120&fps=25&bad=0.1"
SLOTS = 10  # of the ring: so many frames may have come before, and be judged later


@dataclass(frozen=True)
class WallClock:
    """The wall clock of a line's processes (tools/soak_clock); the monotonic one stays."""

    path: Path

    def set(self, ahead_s: int) -> None:
        self.path.touch()  # never shortened: they have it mapped
        with self.path.open("r+b") as file:
            file.write(struct.pack("<q", ahead_s * 1_000_000_000))


@dataclass
class Parted:
    """A line whose camera is told of parts."""

    line: RunningLine
    file: Path

    @property
    def data_dir(self) -> Path:
        return self.line.data_dir

    def by_command(self, *words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "stream", "trigger", str(self.file), *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def by_page(self, body: bytes, camera: str = "belt", **headers: str) -> tuple[int, str]:
        address = wait_for(lambda: ADDRESS.search(self.line.said()), "the page's address")[1]
        connection = http.client.HTTPConnection(address, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", f"/api/trigger/{camera}", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def parts(self) -> list[tuple[str, int, int, str | None, str]]:
        """Name, first frame, frames, state and who announced it, of each part on record."""
        query = "SELECT part, first_seq, frames, state, told_by FROM parts WHERE part <> '' ORDER BY run, number"
        return rows(self.data_dir, query)

    def wait_part(self, name: str) -> None:
        wait_for(lambda: any(part[0] == name for part in self.parts()), f"part {name} on record")

    def wait_frames(self, more: int) -> None:
        """Waits for so many frames of now: those that may lie in the ring already do not count."""

        def judged() -> int:  # none where the log cannot be read just now, as just after its recorder was killed
            return sum(stop - start for start, stop in rows(self.data_dir, spans))

        spans = "SELECT start, stop FROM ledger WHERE camera='belt'"
        before = wait_for(judged, "frames")
        wait_for(lambda: judged() >= before + SLOTS + more, "further frames")

    def end(self) -> None:
        """Stops it, and looks whether what is on record fits together."""
        subprocess.run([sys.executable, "-m", "stream", "stop", str(self.file)], cwd=ROOT, check=True)
        summary = self.line.summary()
        assert all(camera["ledger_closed"] for camera in summary["cameras"].values())
        self.fits_together()

    def noticed_no_clock(self) -> None:
        """That the wall clock was set, forwards and back: one run, no gap, no frame too late, nothing restarted."""
        told = "SELECT kind, text FROM events WHERE camera='belt' AND kind IN ('gap', 'source') OR kind='restart'"
        assert rows(self.data_dir, told) == []
        assert rows(self.data_dir, "SELECT count(*) FROM runs WHERE camera='belt'") == [(1,)]
        unknown = "SELECT count(*) FROM verdicts WHERE camera='belt' AND state='UNKNOWN'"
        assert rows(self.data_dir, unknown) == [(0,)]
        ((ahead, behind),) = rows(self.data_dir, "SELECT max(told_utc_ns), min(told_utc_ns) FROM parts")
        assert ahead - behind > 3600e9, "the steps reached the capture"

    def refuses_what_is_no_part(self) -> None:
        pages = [self.by_page(b"=1+1"), self.by_page(b"X", Origin="http://evil.example"), self.by_page(b"X", "lid")]
        assert [status for status, _ in pages] == [400, 403, 409]
        assert self.by_command("belt", "--part", "=1+1")[0] == 2
        code, said = self.by_command("nope")
        assert code == 1 and "no camera 'nope' here" in said
        code, said = self.by_command("lid", "--json")
        assert code == 1 and json.loads(said)["ok"] is False
        assert "is told of no parts; set cameras.lid.parts.told_by" in said
        refused = "SELECT count(*) FROM events WHERE kind='control' AND text LIKE 'trigger lid%'"
        wait_for(lambda: rows(self.data_dir, refused) == [(2,)], "both refusals on record")

    def fits_together(self) -> None:
        """Each part's state follows from its frames, and each BAD or UNKNOWN frame names the part that it is of."""
        query = "SELECT run, part, first_seq, frames, state FROM parts ORDER BY run, number"
        verdicts = rows(self.data_dir, "SELECT run, seq, state, part FROM verdicts WHERE camera='belt'")
        ledger = rows(self.data_dir, "SELECT run, start, stop, outcome FROM ledger WHERE camera='belt'")
        named = {(run, seq): "" for run, seq, _, _ in verdicts}
        for run, part, first, frames, state in rows(self.data_dir, query):
            spans = ((max(a, first), min(b, first + frames), o) for r, a, b, o in ledger if r == run)
            outcomes = [o for start, stop, o in spans if start < stop]
            expected = "BAD" if "BAD" in outcomes else "GOOD" if "GOOD" in outcomes else "UNKNOWN"
            assert state == ("UNKNOWN" if expected == "GOOD" and "UNKNOWN" in outcomes else expected), part
            named.update({(run, seq): part for seq in range(first, first + frames) if (run, seq) in named})
        assert {(run, seq): part for run, seq, _, part in verdicts} == named


@contextlib.contextmanager
def parted(folder: Path, camera: str) -> Iterator[Parted]:
    """A line whose camera `belt` is told of parts, and `lid` is not."""
    lid = f'  lid:\n    source: "{SOURCE.replace("fps=25", "fps=5")}"\n'
    file = write_line(folder, SOURCE, camera=f"policy: every\nslots: {SLOTS}\n{camera}", more=lid)
    with running(file) as line:
        line.wait_beating("capture belt")
        wait_for(line.judged, "a frame on record")
        yield Parted(line, file)


def test_what_was_ordered_of_a_capture_that_is_killed_before_the_pictures_come_ends_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(importlib.util.find_spec("pypylon"), "pypylon is not installed: make setup-cameras")
    monkeypatch.setenv("PYLON_CAMEMU", "1")
    camera = "policy: every\nsilent_after_s: 60\ncontrol: {trigger: software}\nparts: {told_by: control}\n"
    file = write_line(tmp_path, "basler:", camera=camera)
    with running(file, python=spoilt_python(tmp_path, "unfired_orders")) as line:
        parted = Parted(line, file)
        wait_for(lambda: parted.by_command("belt", "--part", "A")[0] == 0, "the camera to take an order")
        assert parted.by_command("belt", "--part", "B")[0] == 0
        line.wait_role("capture belt", other_than=line.kill("capture belt"))
        ended = [("A", 0, 0, "UNKNOWN"), ("B", 0, 0, "UNKNOWN")]
        wait_for(lambda: [part[:4] for part in parted.parts()] == ended, "both parts, each with its state")
        told = "SELECT text FROM events WHERE kind='part' AND text LIKE '%the capture died before its picture came'"
        wait_for(lambda: len(rows(line.data_dir, told)) == 2, "why, on record")
        parted.end()
        assert [part[:4] for part in parted.parts()] == ended


@pytest.fixture
def wall_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """Of every process that is started from here on."""
    clock = WallClock(tmp_path / "clock")
    clock.set(0)
    monkeypatch.setenv("LINEWATCH_SOAK_CLOCK", str(clock.path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tools" / "soak_clock"))
    return clock


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


def test_a_part_announced_by_command_by_the_page_and_by_a_broker_is_on_record_whoever_dies_whatever_the_clock_says(
    tmp_path: Path, wall_clock: WallClock, broker: Mosquitto
) -> None:
    mqtt = f"mqtt: {{host: 127.0.0.1, port: {broker.port}, topic: {TOPIC}}}"
    with parted(tmp_path, f"parts: {{told_by: mqtt, {mqtt}}}") as line:
        assert line.by_command("belt", "--part", "C-1") == (0, "taken\n")
        assert line.by_page(b'{"part": "H-1"}') == (200, '{"ok":true,"text":"taken"}\n')
        heard = "SELECT count(*) FROM events WHERE kind='mqtt' AND text LIKE '%is heard%'"
        wait_for(lambda: rows(line.data_dir, heard) not in ([], [(0,)]), "the broker")
        line.wait_frames(5)
        broker.say(TOPIC, "M-1")
        line.wait_part("M-1")
        for ahead_s in (3600, -3600, 0):
            wall_clock.set(ahead_s)
            assert line.by_page(f"T{ahead_s}".encode())[0] == 200
            line.wait_frames(5)
        line.noticed_no_clock()
        recorder = line.line.kill("record")
        assert line.by_command("belt", "--part", "C-2")[0] == 0
        line.line.wait_beating("record", other_than=recorder)
        line.wait_part("C-2")
        line.wait_frames(5)
        assert line.by_command("belt", "--part", "C-3")[0] == 0
        capture = line.line.kill("capture belt")
        line.line.wait_beating("capture belt", other_than=capture)
        line.wait_part("C-3")
        line.wait_frames(5)
        assert line.by_command("belt")[0] == 0
        line.refuses_what_is_no_part()
        line.wait_frames(5)
        line.end()
        assert [part[0] for part in line.parts()] == ["C-1", "H-1", "M-1", "T3600", "T-3600", "T0", "C-2", "C-3", "#0"]
        by = [part[4] for part in line.parts()]
        assert by[1] == "http 127.0.0.1" and by[2] == "mqtt" and by[0].startswith(f"user {os.getuid()}, process ")
        assert all(part[3] in ("GOOD", "BAD") for part in line.parts()[2:7]), "these had frames, and all were judged"
