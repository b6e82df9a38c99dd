"""A line that runs on this data_dir already: what it says of itself, in plain words. It is asked, never disturbed."""

from __future__ import annotations

import time
from collections.abc import Iterator

from stream.asking import ask, line_runs
from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.scene import Running, Scene
from stream.links import Links
from stream.messages import CameraStatus, LineStatus
from stream.places import Places
from stream.problem import ERROR, NOTE, WARNING
from stream.settings import LineSettings

ANSWER_S = 3.0
LISTEN_S = 2.0  # each role speaks several times a second
OFTEN = 3  # restarts
SLOW_SHARE = 0.9

RUNS = Complaint(
    "line-runs",
    NOTE,
    "this line runs: it was asked, and its cameras, its disk and its detector were not tried",
    "to try them would take pictures and processor time away from it",
    "for the whole examination: python -m stream stop FILE.yaml, then the doctor, then run it again",
)
SILENT = Complaint(
    "line-silent",
    ERROR,
    "a line runs on this data_dir, and does not answer within {limit:g} s",
    "its supervisor hangs or gets no processor",
    "top -o %CPU; if it stays silent, end it by its process: pgrep -af 'stream run'",
)
ALARM = Complaint(
    "line-alarm",
    WARNING,
    "the line raises an alarm: {alarm}",
    "it goes on as well as it can",
    "see to what is said there; python -m stream log FILE.yaml --events --since 1h tells since when",
)
DOWN = Complaint(
    "role-down",
    ERROR,
    "{role} is not up ({state}): {text}",
    "what it does is not done",
    "the reason stands in what the line says as it runs, and in: python -m stream log FILE.yaml --events",
)
RESTARTS = Complaint(
    "role-restarts",
    WARNING,
    "{role} was started again {times} times",
    "something kills it or it breaks; each time some frames come late",
    "python -m stream log FILE.yaml --events --since 1h; sudo dmesg | tail (the kernel kills when memory is short)",
)
AWAY = Complaint(
    "camera-away",
    ERROR,
    "the camera sends nothing: {text}",
    "parts go by unseen; the line tries again for ever",
    "look at its power and its cable",
)
DROPS = Complaint(
    "camera-drops",
    WARNING,
    "{frames} of {captured} pictures were dropped ({reasons})",
    "newest, ring_full: judging is slower than the camera; behind: decoding is, or judging where policy is every; "
    "no_room: /dev/shm is full; each is a part not judged",
    "python -m tools.bench tune FILE.yaml when the line is stopped, a lower fps, or another inspector",
)
LOST = Complaint(
    "camera-loses",
    WARNING,
    "{lost} pictures were lost between camera and computer",
    "the camera counted them, and they never arrived: cable, switch, or no processor at the right moment",
    "look at the cable; for GigE cameras: sudo ethtool -S INTERFACE | grep -i -E 'drop|miss'",
)
LAGS = Complaint(
    "camera-lags",
    WARNING,
    "{rate:.1f} pictures a second come, {asked:g} were asked for",
    "parts between two pictures are seen by nobody",
    "shorten the exposure, make the picture smaller, or write the rate that it can do: fps: {whole:d}",
)
COMPLAINTS = (RUNS, SILENT, ALARM, DOWN, RESTARTS, AWAY, DROPS, LOST, LAGS)


def running_line(line: LineSettings, places: Places) -> Running | None:
    """What a line that runs on this data_dir says of itself; None where none runs."""
    if not line_runs(places):
        return None
    answer = ask(places, "status", ANSWER_S)
    if answer is None:
        return Running(None, None, {})
    cameras: dict[str, CameraStatus] = {}
    recorded: LineStatus | None = None
    names = {camera.name for camera in line.cameras}
    links = Links()
    try:
        spoken = [f"capture-{name}-live" for name in sorted(names)]
        heard = links.listen([places.socket(name) for name in (*spoken, "record-live")], (CameraStatus, LineStatus))
        until_s = time.monotonic() + LISTEN_S
        while (recorded is None or set(cameras) != names) and time.monotonic() < until_s:
            links.wait(0.1)
            for _, message in heard.receive():
                if isinstance(message, CameraStatus):
                    cameras[message.camera] = message
                elif isinstance(message, LineStatus):
                    recorded = message
    finally:
        links.close()
    return Running(answer.house, recorded, cameras)


def look(scene: Scene) -> Iterator[Diagnosis]:
    """What it says, judged. Pure."""
    running = scene.running
    if running is None:
        return
    if running.house is None:
        yield SILENT.told("", limit=ANSWER_S)
        return
    yield RUNS.told("")
    alarms = (*running.house.alarms, *(running.recorded.alarms if running.recorded else ()))
    for alarm in dict.fromkeys(alarms):
        yield ALARM.told("", alarm=alarm)
    for role in running.house.roles:
        if role.state == "backing off":
            yield DOWN.told("", role=role.role, state=role.state, text=role.text or "it died")
        if role.restarts >= OFTEN:
            yield RESTARTS.told("", role=role.role, times=role.restarts)
    for name, status in sorted(running.cameras.items()):
        yield from _of_camera(scene.line, name, status)


def _of_camera(line: LineSettings, name: str, status: CameraStatus) -> Iterator[Diagnosis]:
    path = f"cameras.{name}"
    for alarm in status.alarms:
        yield ALARM.told(path, alarm=alarm.text)
    asked = line.camera(name).fps
    if status.state == "retrying":
        yield AWAY.told(f"{path}.source", text=status.text)
    elif status.live and asked is not None and 0 < status.fps < SLOW_SHARE * asked:
        yield LAGS.told(f"{path}.fps", rate=status.fps, asked=asked, whole=max(1, int(status.fps)))
    if status.dropped:
        reasons = ", ".join(f"{reason} {frames}" for reason, frames in sorted(status.dropped.items()))
        frames = sum(status.dropped.values())
        yield DROPS.told(path, frames=frames, captured=status.captured, reasons=reasons)
    if status.lost:
        yield LOST.told(path, lost=status.lost)
