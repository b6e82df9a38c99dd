"""Health of a camera's pictures: each fault found in time in a drawn clip, and no alarm where nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.verdict import Box
from stream.health import CHECKS, LASTING, Change, Health
from stream.health_words import WORDS
from stream.learning import Learning
from stream.learnt import Learnt
from stream.onset import CLEAR_PICTURES, CLEAR_S, ONSET_PICTURES, ONSET_S, Onset
from stream.ring_layout import PROBLEM_BYTES
from stream.settings import HealthSettings
from stream.sources.synthetic.belt import Belt
from stream.sources.synthetic.faults import KINDS, Fault, shown_index, spoilt, with_rails
from tools.soak_health import ALARM_OF, Outcome, Scene, soak, words

FPS = 25
SIZE = (640, 360)
FRAMES = 140
AT, LASTS = 30, 30
NEEDS_NO_LEARNING = {"black", "blinded", "frozen", "corrupt"}
USUAL = HealthSettings()
Seen = list[tuple[str, bool, int]]  # check, whether it began, index of the picture


@cache
def clip(seed: int = 1) -> tuple[np.ndarray, ...]:
    belt = Belt(*SIZE, FPS, seed)
    return tuple(with_rails(belt.frame(index)) for index in range(FRAMES))


@cache
def learnt(seed: int = 1) -> Learnt:
    learning = Learning("belt")
    for index, pixels in enumerate(clip(seed)):
        learning.add(pixels, index / FPS)
    return learning.learnt("now")


def watched(
    health: Health, pictures: Iterable[np.ndarray], problem: Callable[[int], bool] = lambda _: False, fps: float = FPS
) -> tuple[Seen, dict[int, str]]:
    """The alarms that began or ended, and why which pictures were UNKNOWN."""
    changes: Seen = []
    reasons = {}
    for index, pixels in enumerate(pictures):
        damaged = "decode_error" if problem(index) else None
        looked = health.look(pixels, problem=damaged, pts_s=index / fps, now_s=index / fps)
        changes += [(change.check, change.began, index) for change in looked.changes]
        if looked.reason:
            reasons[index] = looked.reason
    return changes, reasons


def spoilt_clip(fault: Fault) -> Iterable[np.ndarray]:
    return (spoilt(clip()[shown_index(fault, index)].copy(), fault, index) for index in range(FRAMES))


def health(known: Learnt | None = None, *, raw: bool = True, wanted: HealthSettings = USUAL) -> Health:
    return Health(wanted, known, raw=raw)


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_each_fault_in_a_clean_clip_is_found_within_a_second_and_ends(kind: str) -> None:
    fault, check = Fault(kind, AT, LASTS), ALARM_OF.get(kind, kind)
    (began, ended), reasons = watched(
        health(learnt()), spoilt_clip(fault), lambda index: kind == "corrupt" and fault.touches(index)
    )
    assert began[:2] == (check, True) and AT <= began[2] <= AT + FPS
    assert ended[:2] == (check, False) and AT + LASTS <= ended[2] <= AT + LASTS + 3 * FPS
    if kind == "corrupt":
        assert not reasons  # the source has said so already
        return
    assert set(reasons.values()) == {WORDS[check].reason}
    # From the alarm to the fault's end all are UNKNOWN, the first same picture of a frozen camera but one.
    until = ended[2] if check in LASTING else AT + LASTS
    assert set(range(began[2], until)) <= set(reasons)
    assert max(reasons) < until and min(reasons) >= AT


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"dark"}))
def test_without_calibrating_only_what_is_certain_is_told(kind: str) -> None:
    fault = Fault(kind, AT, LASTS)
    changes, reasons = watched(health(), spoilt_clip(fault), lambda i: kind == "corrupt" and fault.touches(i))
    assert [change[:2] for change in changes] == ([(kind, True), (kind, False)] if kind in NEEDS_NO_LEARNING else [])
    assert bool(reasons) == (kind in NEEDS_NO_LEARNING - {"corrupt"})


@pytest.mark.parametrize("check", sorted(WORDS))
def test_a_check_that_is_off_says_nothing(check: str) -> None:
    (kind, *_) = [kind for kind in KINDS if ALARM_OF.get(kind, kind) == check]
    fault = Fault(kind, AT, LASTS)
    changes, reasons = watched(
        health(learnt(), wanted=HealthSettings(**{check: "off"})),
        spoilt_clip(fault),
        lambda i: kind == "corrupt" and fault.touches(i),
    )
    assert check not in {name for name, *_ in changes}
    assert WORDS[check].reason not in reasons.values()


@pytest.mark.parametrize(("check", "kind"), [("flicker", "flicker"), ("size", "size")])
def test_on_looks_without_calibrating_too(check: str, kind: str) -> None:
    changes, _ = watched(health(None, wanted=HealthSettings(**{check: "on"})), spoilt_clip(Fault(kind, AT, LASTS)))
    assert [change[:2] for change in changes] == [(check, True), (check, False)]


def test_a_stream_freezes_where_its_time_does_not_advance() -> None:
    eyes = health(raw=False)
    changes: list[Change] = []
    for index, pixels in enumerate(clip()):
        pts_s = min(index, AT) / FPS if index < AT + LASTS else index / FPS
        changes += eyes.look(pixels, problem=None, pts_s=pts_s, now_s=index / FPS).changes
    assert [(change.check, change.began) for change in changes] == [("frozen", True), ("frozen", False)]
    assert changes[1].unknown > LASTS / 2 and changes[1].lasted_s == pytest.approx(LASTS / FPS, abs=0.1)


def test_few_damaged_pictures_are_no_alarm() -> None:
    changes, _ = watched(health(), clip(), lambda index: index % 40 in (3, 4))
    assert not changes


def test_of_two_faults_the_first_one_is_named() -> None:
    """A burnt-out picture is the same as the one before, too, and has no edges."""
    blank = [*clip()[:AT], *[np.full_like(clip()[0], 255)] * LASTS]
    changes, reasons = watched(health(learnt()), blank)
    assert [change[:2] for change in changes] == [("blinded", True)] and set(reasons.values()) == {"blinded"}


def test_an_alarm_ends_when_the_pictures_stop() -> None:
    eyes = health(learnt())
    changes, _ = watched(eyes, spoilt_clip(Fault("black", AT, FRAMES)))
    assert [change[:2] for change in changes] == [("black", True)] and eyes.standing == ("black",)
    (ended,) = eyes.pause(10.0)
    assert (ended.check, ended.began) == ("black", False) and ended.unknown > 0 and eyes.standing == ()
    assert eyes.pause(11.0) == ()


@pytest.mark.parametrize("fps", [2, 100])
def test_a_slow_or_fast_camera_is_watched_as_well(fps: float) -> None:
    changes, _ = watched(health(learnt()), spoilt_clip(Fault("black", AT, 100)), fps=fps)
    assert changes[0][:2] == ("black", True) and changes[0][2] <= AT + max(fps, 3)


# --- nothing wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2, 5))
def test_a_clean_line_gives_no_alarm(seed: int) -> None:
    belt, learning = Belt(320, 240, FPS, seed), Learning("belt")
    pictures = [with_rails(belt.frame(index)) for index in range(250)]
    for index, pixels in enumerate(pictures[:125]):
        learning.add(pixels, index / FPS)
    for known in (None, learning.learnt("now")):
        assert watched(health(known), pictures) == ([], {})


def grey(level: int) -> np.ndarray:
    return np.full((*SIZE[::-1], 3), level, np.uint8)


def still(noise: int) -> Iterable[np.ndarray]:
    """The belt has stopped; with noise, or without as a drawn camera may have it."""
    for index in range(150):
        grain = np.random.default_rng(index).integers(0, noise + 1, clip()[80].shape, dtype=np.uint8)
        yield cv2.add(clip()[80], grain)


def empty() -> Iterable[np.ndarray]:
    """No part in view, the belt running, no noise: every part of the picture changes, but not by noise."""
    wide = cv2.GaussianBlur(np.random.default_rng(1).normal(90, 60, (360, 1200, 3)).astype(np.float32), (0, 0), 4)
    for index in range(150):
        yield np.ascontiguousarray(wide[:, 3 * index : 3 * index + 640]).clip(0, 255).astype(np.uint8)


NOTHING_WRONG: dict[str, Callable[[], Iterable[np.ndarray]]] = {
    "a stopped belt": lambda: [*clip()[:80], *still(noise=2)],
    "a still scene without noise": lambda: still(noise=0),
    "a belt without noise that stops": lambda: [*(pictures := list(empty())), *[pictures[-1]] * 100],
    "light that is switched once": lambda: [*clip()[:60], *(cv2.convertScaleAbs(p, alpha=0.6) for p in clip()[60:])],
    "a picture that a driver hands over twice": lambda: [p for p in clip() for _ in range(2)],
    "a grey card": lambda: [grey(128)] * 100,
    "tiny pictures": lambda: [np.full((1, 1, 3), 128, np.uint8)] * 50,
}


@pytest.mark.parametrize("name", NOTHING_WRONG)
def test_what_is_no_fault_is_no_alarm(name: str) -> None:
    assert watched(health(), NOTHING_WRONG[name]()) == ([], {})


def test_a_stopped_and_an_empty_belt_are_no_alarm_where_parts_were_learnt() -> None:
    rails = with_rails(np.full((*SIZE[::-1], 3), 60, np.uint8))
    noise = [np.random.default_rng(index).integers(0, 5, rails.shape, dtype=np.uint8) for index in range(100)]
    pictures = [*clip()[:80], *still(noise=2), *(cv2.add(rails, grain) for grain in noise)]
    assert watched(health(learnt()), pictures) == ([], {})


LIT = (slice(100, 120), slice(100, 140))  # a window that is lit, in a picture that is dark for the rest


@pytest.mark.parametrize(("judged", "fills"), [((), 0), ((Box(100, 100, 140, 120),), 90), ((Box(0, 0, 640, 50),), 90)])
def test_black_is_what_is_black_wherever_it_is_judged(judged: tuple[Box, ...], fills: int) -> None:
    """The lit window is too small to lift the whole; a part that is dark by itself is an empty belt."""
    window = grey(4)
    window[LIT] = fills
    empty_belt = grey(90)
    empty_belt[:50] = 4
    dark = judged != (Box(100, 100, 140, 120),)
    changes, _ = watched(Health(USUAL, None, raw=True, judged=judged), [window] * 30)
    assert [change[:2] for change in changes] == ([("black", True)] if dark else [])
    assert watched(Health(USUAL, None, raw=True, judged=judged), [empty_belt] * 30) == ([], {})


def test_another_start_in_the_middle_gives_no_alarm() -> None:
    """As after a killed capture: nothing is known of what was before."""
    for begin in (40, 90):
        assert watched(health(learnt()), clip()[begin:]) == ([], {})


def test_pictures_of_another_size_than_before_do_not_trip_it() -> None:
    half = [np.ascontiguousarray(p[::2, ::2]) for p in clip()[:60]]
    changes, _ = watched(health(learnt(), wanted=HealthSettings(size="off")), [*clip()[:60], *half, *clip()[60:]])
    assert not {name for name, *_ in changes} - {"moved", "focus"}


# --- what holds of all ------------------------------------------------------------------------------------------------


def test_every_check_has_words_that_a_slot_of_the_ring_holds() -> None:
    assert {"corrupt", *CHECKS} == set(WORDS) == set(HealthSettings.__dataclass_fields__)
    assert all(len(one.reason.encode()) < PROBLEM_BYTES and one.word.isupper() for one in WORDS.values())
    assert len({one.reason for one in WORDS.values()}) == len(WORDS)


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.floats(0.001, 2.0)), max_size=60))
def test_an_alarm_turns_only_after_its_time_and_its_pictures(steps: list[tuple[bool | None, float]]) -> None:
    alarm, now_s = Onset(), 0.0
    streak: list[float] = []  # times of the pictures that speak against what stands, in a row
    for wrong, later_s in steps:
        now_s += later_s
        before = alarm.standing
        if wrong is not None:
            streak = [*streak, now_s] if wrong is not before else []
        turned = alarm.step(wrong, now_s)
        lasts_s, pictures = (CLEAR_S, CLEAR_PICTURES) if before else (ONSET_S, ONSET_PICTURES)
        due = wrong is not None and len(streak) >= pictures and now_s - streak[0] >= lasts_s
        assert turned == due and alarm.standing == (before != turned)
        if turned:
            assert alarm.turned_s == streak[0]
            streak = []


def test_the_long_form_finds_what_it_should() -> None:
    outcome = soak(Scene(4, 320, 240), minutes=0.05, faults=("frozen", "moved"), learn_s=4.0)
    assert outcome.good, words(outcome)
    assert set(outcome.onset_s) == {"frozen", "moved"} and outcome.pictures == 75


def test_the_long_form_calls_a_false_alarm_and_a_late_one_by_name() -> None:
    good = Outcome(0, 100, [], {"black": 0.4}, [], 0.5)
    assert good.good and "false alarms: none" in words(good)
    assert not replace(good, onset_s={"black": 1.04}).good
    missed = replace(good, onset_s={"black": None}, false_alarms=["focus at picture 3"])
    assert not missed.good and "focus at picture 3" in words(missed) and "black -" in words(missed)
