"""`python -m tools.soak_health`: a clean drawn line without a false alarm, then each fault found in time.

Pictures are drawn as fast as they are looked at; time is theirs, so the half hour takes a few minutes. Now and then the
belt stands still, as belts do: the same scene, with new noise.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from tqdm import tqdm

from stream.health import Health
from stream.learning import Learning
from stream.learnt import Learnt
from stream.settings import HealthSettings
from stream.sources.synthetic.belt import Belt
from stream.sources.synthetic.faults import KINDS, Fault, shown_index, spoilt, with_rails

FPS = 25
ONSET_S = 1.0  # a fault must be found within
STOP_EVERY, STOP_FRAMES = 120 * FPS, 20 * FPS  # the belt stands still for the last part of each two minutes
FAULT_AT, FAULT_FRAMES = 3 * FPS, 3 * FPS
ALARM_OF = {"dark": "black", "blur": "focus"}  # faults that are called otherwise than their alarm
EXAMPLE = """example:
  python -m tools.soak_health --minutes 30 --seeds 0 1 2 --size 1280x720 --json health.json

exit code: 0 no false alarm and every fault found within a second, 1 otherwise"""


@dataclass(frozen=True)
class Scene:
    """A drawn line before a camera."""

    seed: int
    width: int
    height: int

    def pictures(self, first: int, stop: int, fault: Fault | None = None) -> Iterator[tuple[int, np.ndarray]]:
        belt = Belt(self.width, self.height, FPS, self.seed)
        for index in range(first, stop):
            shown = shown_index(fault, index)
            yield index, spoilt(with_rails(_at(belt, shown)), fault, index)


@dataclass
class Outcome:
    """What came of one seed."""

    seed: int
    pictures: int
    false_alarms: list[str]
    onset_s: dict[str, float | None]  # of each fault; None: not found
    unasked: list[str]  # faults that this camera cannot tell, as its calibration says
    thread_ms: float  # CPU time of one look

    @property
    def good(self) -> bool:
        return not self.false_alarms and all(s is not None and s <= ONSET_S for s in self.onset_s.values())


def _at(belt: Belt, index: int) -> np.ndarray:
    """The picture of that index; where the belt stands still, the scene of the moment when it stopped."""
    into = index % STOP_EVERY - (STOP_EVERY - STOP_FRAMES)
    if into <= 0:
        return belt.frame(index)
    still = belt.frame(index - into)
    grain = np.random.default_rng([belt.seed, 9, index]).integers(0, 3, still.shape, dtype=np.uint8)
    return cv2.add(still, grain)


def learn(scene: Scene, seconds: float) -> Learnt:
    learning = Learning("belt")
    for index, pixels in scene.pictures(0, round(seconds * FPS)):
        learning.add(pixels, index / FPS)
    return learning.learnt("soak")


def watch_clean(scene: Scene, learnt: Learnt, minutes: float) -> tuple[list[str], int, float]:
    """False alarms, also of a camera that never was calibrated; pictures; CPU time of one look in milliseconds."""
    eyes = {"": Health(HealthSettings(), learnt, raw=True), "uncalibrated, ": Health(HealthSettings(), None, raw=True)}
    frames, spent_s, alarms = round(minutes * 60 * FPS), 0.0, []
    for index, pixels in tqdm(scene.pictures(0, frames), f"seed {scene.seed}", frames, unit="picture", disable=None):
        for name, health in eyes.items():
            began_s = time.thread_time()
            looked = health.look(pixels, problem=None, pts_s=index / FPS, now_s=index / FPS)
            spent_s += 0.0 if name else time.thread_time() - began_s
            alarms += [f"{name}{change.check} at picture {index}" for change in looked.changes if change.began]
            alarms += [f"{name}UNKNOWN: {looked.reason} at picture {index}"] if looked.reason else []
    return alarms, frames, spent_s / max(1, frames) * 1000


def find_fault(scene: Scene, learnt: Learnt, kind: str) -> float | None:
    """Seconds from the fault's first picture to its alarm; None where none came, or another one did."""
    fault = Fault(kind, FAULT_AT, FAULT_FRAMES)
    health = Health(HealthSettings(), learnt, raw=True)
    for index, pixels in scene.pictures(0, FAULT_AT + FAULT_FRAMES, fault):
        problem = "decode_error" if kind == "corrupt" and fault.touches(index) else None
        looked = health.look(pixels, problem=problem, pts_s=index / FPS, now_s=index / FPS)
        for change in looked.changes:
            right = change.began and change.check == ALARM_OF.get(kind, kind) and fault.touches(index)
            return (index - FAULT_AT) / FPS if right else None
    return None


def soak(scene: Scene, minutes: float, faults: Sequence[str] = KINDS, learn_s: float = 60.0) -> Outcome:
    """One seed: learns from a minute, watches it clean, then with each fault that can be told."""
    learnt = learn(scene, learn_s)
    asked = Health(HealthSettings(), learnt, raw=True).asked
    kinds = [kind for kind in faults if ALARM_OF.get(kind, kind) in asked]
    alarms, pictures, thread_ms = watch_clean(scene, learnt, minutes)
    onset_s = {kind: find_fault(scene, learnt, kind) for kind in kinds}
    return Outcome(scene.seed, pictures, alarms, onset_s, [kind for kind in faults if kind not in kinds], thread_ms)


def words(outcome: Outcome) -> str:
    found = ", ".join(f"{kind} {'-' if s is None else f'{s:.2f} s'}" for kind, s in outcome.onset_s.items())
    alarms = "; ".join(outcome.false_alarms[:5]) or "none"
    told = f" Not told: {', '.join(outcome.unasked)}." if outcome.unasked else ""
    return (
        f"seed {outcome.seed}: {outcome.pictures} clean pictures, {outcome.thread_ms:.2f} ms of a core each; "
        f"false alarms: {alarms}. Found after: {found}.{told}"
    )


def main(words_given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.soak_health",
        description="A clean drawn line without a false alarm, then each fault found in time.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="of clean pictures a seed (default: 30)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="lines to draw (default: 0)")
    parser.add_argument("--size", default="1280x720", help="of the pictures (default: 1280x720)")
    parser.add_argument("--json", help="write what came of it to this file")
    arguments = parser.parse_args(words_given)
    cv2.setNumThreads(1)
    width, height = map(int, arguments.size.split("x"))
    outcomes = []
    for seed in arguments.seeds:
        outcomes.append(soak(Scene(seed, width, height), arguments.minutes))
        print(words(outcomes[-1]), flush=True)
    if arguments.json:
        with open(arguments.json, "w") as file:  # noqa: PTH123
            json.dump([vars(outcome) for outcome in outcomes], file, indent=1)
    return 0 if all(outcome.good for outcome in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
