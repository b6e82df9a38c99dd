"""The page in a browser and the desktop's window claim the same of a camera, and write numbers alike."""

from __future__ import annotations

import functools
import http.server
import itertools
import json
import random
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from stream.desktop.alarms import alarms_in
from stream.desktop.situation import Shown, situation
from stream.messages import CameraAlarm
from stream.number_words import SCORE_DIGITS_MOST, scored, span
from stream.web.pictures import PictureHeader
from stream.web.talk import AlarmState, CameraView, PageCounts, PageStatus
from tests.browser import Page, browser
from tests.test_review_rules import STATIC, Quiet, opened, run

HEADER = PictureHeader("belt", 1, 7, "GOOD", 0.1, None, 20.0, 10.0, 10.0, 0.0, 0, 640, 480, 0)
CAMERA = CameraView("belt", "running", "", 1000.0, 25.0, 0, 0, 8, 8, 0, 0, {}, False, 0)
NOW_MS = 1_000_000.0
STATES = ("starting", "running", "waiting", "retrying", "ended", "stopping", "silent", "of another version")
CAMERAS = (
    None,
    *(msgspec.structs.replace(CAMERA, state=state, text=text) for state in STATES for text in ("", "why <b>it</b>")),
    msgspec.structs.replace(CAMERA, stale_after_ms=60_000.0),
)
HEADERS = (
    None,
    HEADER,
    msgspec.structs.replace(HEADER, state="BAD", score=0.9925, threshold=0.99251),
    msgspec.structs.replace(HEADER, state="UNKNOWN", score=None, reason="late"),
    msgspec.structs.replace(HEADER, state="splendid", score=None),
)
# Clear of the limits by some ms: what is a float's last digit on one side is none of the rule's business.
SINCE_MS = (0.3, 203.0, 1203.0, 9_903.0, 9_963.0, 61_303.0, 7_203_003.0)
CASES = [
    (camera, header, silent, heard, watched)
    for camera, header, silent, heard, watched in itertools.product(
        CAMERAS, HEADERS, SINCE_MS, (103.0, 5_003.0), (103.0, 90_003.0)
    )
    if header is None or watched == 103.0  # what was seen is not asked for how long it was waited for
]
ASK = """return g[0].map(([camera, header, silent, heard, watched]) => {
  const shown = header && { header, arrived: g[1] - silent };
  const { kind, word, text, cover } = m.situation(camera, shown, heard, watched, g[1]);
  return [kind, word, text, cover];
})"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    serve = functools.partial(Quiet, directory=str(STATIC))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with browser(tmp_path_factory.mktemp("browser")) as chromium:
                yield opened(chromium, server.server_address[1])
        finally:
            server.shutdown()
            thread.join(60)


def of_the_window(
    camera: CameraView | None, header: PictureHeader | None, silent: float, heard: float, watched: float
) -> list[Any]:
    now_s = NOW_MS / 1000
    shown = None if header is None else Shown(header, now_s - silent / 1000)
    said = situation(camera, shown, heard_s=heard / 1000, watched_s=watched / 1000, now_s=now_s)
    return [said.kind, said.word, said.text, said.covered]


def test_page_and_window_say_the_same_of_a_camera(page: Page) -> None:
    sent = json.loads(msgspec.json.encode(CASES))
    said = run(page, "rules.js", ASK, sent, NOW_MS)
    assert len(said) == len(CASES) > 700
    for case, by_page in zip(CASES, said, strict=True):
        assert of_the_window(*case) == by_page, case


def test_page_and_window_write_scores_and_times_alike(page: Page) -> None:
    drawn = random.Random(7)
    scores = [0.0, 1.0, 0.03125, 0.9967, 0.9925, 0.99999, 1 - 1e-12, *(drawn.random() for _ in range(500))]
    near = [(score, min(1.0, score + drawn.choice((-1, 1)) * 10 ** -drawn.uniform(1, 9))) for score in scores]
    pairs = [*near, *((score, score) for score in scores), *((score, None) for score in scores)]
    spans = [drawn.uniform(0, 10 ** drawn.uniform(0, 8)) for _ in range(500)]
    by_page = run(page, "rules.js", "return [g[0].map(([s, t]) => m.scored(s, t)), g[1].map(m.span)]", pairs, spans)
    assert by_page == [[scored(*pair) for pair in pairs], [span(ms / 1000) for ms in spans]]


def alarmed(drawn: random.Random) -> PageStatus:
    """A status with alarms of the line and of two cameras; of some the page knows since when they stand."""
    texts = ("the disk is full", "it is dark: 3 s", "it is dark: 4 s", "<b>no</b> word")
    cameras = tuple(
        msgspec.structs.replace(
            CAMERA, name=name, alarms=tuple(CameraAlarm("DARK", text) for text in texts if drawn.random() < 0.3)
        )
        for name in ("belt", "lid")
    )
    states = tuple(
        AlarmState(text, camera, 7, drawn.choice(("", "", "ann")), 0, drawn.choice(("", text[:9])))
        for camera in ("", "belt", "lid", "gone")
        for text in texts
        if drawn.random() < 0.3
    )
    bare = tuple(text for text in texts if drawn.random() < 0.3)
    return PageStatus("hall", "s", "", "", None, None, bare, cameras, (), PageCounts(0, 0, 0, 0), alarm_states=states)


def test_page_and_window_say_the_same_alarms_in_the_same_order(page: Page) -> None:
    drawn = random.Random(11)
    told = [alarmed(drawn) for _ in range(300)]
    ask = "return g[0].map((said) => m.alarmsIn(said).map((alarm) => [m.wordsOf(alarm), alarm.who]))"
    by_page = run(page, "alarms.js", ask, json.loads(msgspec.json.encode(told)))
    assert by_page == [[[alarm.text, alarm.who] for alarm in alarms_in(status)] for status in told]
    assert sum(map(bool, by_page)) > 250


@pytest.mark.parametrize(
    ("score", "threshold", "said"),
    [
        (0.9967, 0.9925, "0.9967"),
        (0.9967, None, "0.9967"),
        (0.99248, 0.9925, "0.99248"),
        (0.9925, 0.9925, "0.9925"),
        (0.4999999, 0.5, "0.4999999"),
        (0.5, 0.5, "0.5000"),
        (1.0, None, "1.0000"),
        (0.5 - 1e-12, 0.5, "0.50000000"),
    ],
)
def test_a_score_is_told_from_the_threshold(score: float, threshold: float | None, said: str) -> None:
    assert scored(score, threshold) == said and len(said) <= 2 + SCORE_DIGITS_MOST
