"""Incidents, samples and audit in a real browser, on a real line: what a reviewer does is in the log."""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from stream.settings import RecorderSettings
from tests.browser import Browser, Page, browser
from tests.line import rows, wait_for
from tests.page_requests import ask
from tests.recordings import read_number
from tests.reviewed_line import ALT, BAD, CTRL, Reviewed, drag, press, reviewed_line, write

GAP = RecorderSettings().incident_gap_frames
NAME = "Jürgen <b>Müller</b>"
NASTY = "<img src=x onerror=document.title='broken'>\n\u202edesrever " + "w" * 300
FIRSTS = sorted(BAD, reverse=True)  # as they are listed
LOADED = "document.querySelector('.stage-drawing').dataset.loaded"
TITLE = "document.querySelector('#one h1')?.textContent"
TILES = "document.querySelectorAll('.tile').length"
SHOWN = "document.querySelector('video').readyState >= 2 && !document.querySelector('video').seeking"
CURRENT = "document.querySelector('.tile[data-current]')"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    with reviewed_line(tmp_path_factory.mktemp("reviewed")) as line:
        yield line


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture
def page(chromium: Browser, house: Reviewed) -> Iterator[Page]:
    """A page of incidents, of a browser that knows the reviewer's name."""
    opened = chromium.open(f"{house.address}/incidents")
    opened.evaluate(f"localStorage.setItem('linewatch-name', {json.dumps(NAME)})")
    opened.until(f"{TILES} >= {len(BAD)}")
    yield opened
    opened.call("Page.close")


def go(page: Page, house: Reviewed, address: str) -> None:
    """Opens an address of the line anew, also where only what stands behind # differs."""
    page.go("about:blank")
    page.go(house.address + address)


def worst(house: Reviewed, first: int) -> int:
    """The worst frame of the incident that begins there."""
    query = f"SELECT worst_seq FROM incidents WHERE camera='belt' AND first_seq={first}"
    return int(rows(house.line.data_dir, query)[0][0])


def open_one(page: Page, house: Reviewed, first: int) -> int:
    seq = worst(house, first)
    go(page, house, f"/incidents#belt/{house.run()}/{seq}")
    page.until(f"{LOADED} && {TILES} >= {len(BAD)} && {CURRENT}")
    return seq


def saved(page: Page) -> None:
    page.until("!document.querySelector('.verdict-chip em') && document.querySelector('#unsaved').hidden")


def reviewed(page: Page, house: Reviewed, seq: int, *keys: str) -> list[tuple[Any, ...]]:
    """Presses the keys; the frame's reviews once there is one more: what is about to be said shows nowhere."""
    before = len(house.reviews(seq))
    press(page, *keys)
    wait_for(lambda: len(house.reviews(seq)) > before, f"a review of {seq}")
    saved(page)
    return house.reviews(seq)


def test_verdicts_by_keyboard_land_in_the_log_and_lead_to_the_next(page: Page, house: Reviewed) -> None:
    press(page, "j", "Enter")
    seqs = [worst(house, first) for first in FIRSTS[:3]]
    for key, seq in zip("dfu", seqs, strict=True):
        page.until(f"{TITLE} === 'belt · #{seq}'")
        press(page, key)
    page.until(f"{TITLE} === 'belt · #{worst(house, FIRSTS[3])}'")
    for seq, verdict in zip(seqs, ("defect", "false_alarm", "unsure"), strict=True):
        assert wait_for(lambda seq=seq: house.reviews(seq), f"a review of {seq}") == [(verdict, "", [], NAME)]
    page.until("['3 done', '3 left'].every((one) => document.querySelector('.pace').textContent.includes(one))")
    press(page, "Escape")
    page.until(f"document.querySelector('#one').hidden && location.hash === '' && document.activeElement === {CURRENT}")


def test_a_verdict_is_taken_back_by_a_further_one_and_both_stay(page: Page, house: Reviewed) -> None:
    seq = open_one(page, house, 60)
    reviewed(page, house, seq, "d")
    both = reviewed(page, house, seq, "z")
    page.until(f"{TITLE} === 'belt · #{seq}'")
    assert [review[0] for review in both] == ["defect", "withdrawn"]
    state = "SELECT review FROM incidents WHERE camera='belt' AND first_seq=60"
    assert rows(house.line.data_dir, state) == [("",)]
    page.until("document.querySelector('.one-state').textContent.includes('not reviewed')")
    page.until("document.querySelectorAll('.past li').length === 2")


def test_a_comment_is_shown_as_text_whatever_stands_in_it(page: Page, house: Reviewed) -> None:
    seq = open_one(page, house, 60)
    press(page, "c")
    write(page, NASTY)
    press(page, "Escape")
    assert reviewed(page, house, seq, "u")[-1] == ("unsure", NASTY, [], NAME)
    open_one(page, house, 60)
    page.until("document.querySelector('.past-comment')")
    assert "<img src=x" in page.text(".past-comment") and "⟨202E⟩" in page.text(".past-comment")
    assert NAME in page.text(".past")
    assert page.evaluate("document.querySelectorAll('.past img, .past b').length") == 0
    assert page.evaluate("document.title").endswith("Incidents · Linewatch")  # before it, alarms of a slow machine
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_marks_are_on_record_in_the_pixels_of_the_frame(page: Page, house: Reviewed) -> None:
    seq = open_one(page, house, 100)
    press(page, "m")
    drag(page, (40.5, 60.5), (99.5, 119.5))
    page.until("document.activeElement.matches('.mark')")
    press(page, "ArrowRight", "ArrowRight", "ArrowUp")
    press(page, "ArrowDown", modifiers=ALT)
    drag(page, (200.5, 10.5), (219.5, 29.5))
    page.until("document.querySelectorAll('.mark').length === 2")
    press(page, "b")
    page.until("document.querySelectorAll('.mark').length === 3")
    verdict, _, boxes, _ = reviewed(page, house, seq, "Delete", "Enter")[-1]
    assert (verdict, boxes) == ("defect", [[42, 59, 102, 120], [200, 10, 220, 30]])


def test_filters_narrow_and_stand_in_the_address(page: Page, house: Reviewed) -> None:
    whole = page.evaluate(TILES)
    page.evaluate("(f => { f.value = '180'; f.dispatchEvent(new Event('change', {bubbles: true})) })(filters.part)")
    page.until(
        "location.search === '?part=180' && document.querySelector('#end-text').textContent === 'None that fit.'"
    )
    page.evaluate("history.back()")
    page.until(f"{TILES} === {whole} && !location.search && filters.part.value === ''")
    page.evaluate("history.forward()")
    page.until(f"{TILES} === 0 && filters.part.value === '180'")
    go(page, house, "/incidents?camera=belt&when=week&length_min_mm=1&score_min=0.1")
    page.until(f"{TILES} === {len(BAD)} && filters.camera.value === 'belt' && filters.when.value === 'week'")
    assert page.evaluate("document.querySelector('#length-mm').checkVisibility()")
    assert " mm" in page.text(".tile")
    go(page, house, "/incidents?camera=belt&length_min_mm=100000")
    page.until("document.querySelector('#end-text').textContent === 'None that fit.'")
    go(page, house, "/incidents?camera=belt&when=yesterday")
    page.until("document.querySelector('#end-text').textContent === 'None that fit.'")


def test_a_review_that_the_recorder_cannot_take_is_kept_and_said_again(page: Page, house: Reviewed) -> None:
    seq = open_one(page, house, 20)
    supervisor = house.line.process.pid
    os.kill(supervisor, signal.SIGSTOP)  # so that the recorder stays away
    try:
        recorder = house.line.kill("record")
        press(page, "f")
        page.until("!document.querySelector('#unsaved').hidden")
        assert "1 review is NOT SAVED" in page.text("#unsaved")
        page.until(f"document.querySelector('.tile[href$=\"/{seq}\"]').textContent.includes('NOT SAVED')")
        go(page, house, "/incidents")  # it outlives the page
        page.until("!document.querySelector('#unsaved').hidden")
        assert house.reviews(seq) == []
    finally:
        os.kill(supervisor, signal.SIGCONT)
    house.line.wait_beating("record", other_than=recorder)
    page.until("document.querySelector('#unsaved').hidden")
    assert [review[0] for review in house.reviews(seq)] == ["false_alarm"]  # once, however often it was said


def test_the_film_stands_on_the_very_frame_and_goes_on_by_one(page: Page, house: Reviewed) -> None:
    seq = open_one(page, house, 140)
    press(page, "4")
    for key, away in (("", 0), (".", 1), (",", 0), (",", -1)):
        press(page, *key)
        page.until(f"document.querySelector('video').dataset.seq === '{seq + away}' && {SHOWN}")
        assert filmed(page) == seq + away


def filmed(page: Page) -> int:
    """The number burnt into the picture of the film that is shown."""
    drawn = page.evaluate(
        "(v => { const c = document.createElement('canvas'); c.width = v.videoWidth; c.height = v.videoHeight;"
        "c.getContext('2d').drawImage(v, 0, 0); return c.toDataURL('image/png') })(document.querySelector('video'))"
    )
    coded = np.frombuffer(base64.b64decode(drawn.partition(",")[2]), np.uint8)
    picture: np.ndarray | None = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert picture is not None
    return read_number(picture)


def test_marks_stand_when_a_comment_is_kept_with_them_and_go_when_they_are_taken_back(
    page: Page, house: Reviewed
) -> None:
    told, past = "document.querySelector('.told').textContent", "document.querySelectorAll('.stage-over .past').length"
    seq = open_one(page, house, 220)
    press(page, "m")
    drag(page, (40.5, 60.5), (99.5, 119.5))
    page.until(f"{told} === '1 marked: Enter keeps it'")
    marked = [[40, 60, 100, 120]]
    assert reviewed(page, house, seq, "Enter")[-1] == ("defect", "", marked, NAME)
    page.until(f"{told} !== '1 marked: Enter keeps it'")
    open_one(page, house, 220)
    page.until(f"{past} === 1")
    press(page, "c")
    write(page, "a hair")
    before = len(house.reviews(seq))
    press(page, "Enter", modifiers=CTRL)
    wait_for(lambda: len(house.reviews(seq)) > before, "the comment on record")
    assert house.reviews(seq)[-1] == ("defect", "a hair", marked, NAME), "an export takes the newest, marks and all"
    saved(page)
    assert reviewed(page, house, seq, "z")[-1] == ("defect", "", marked, NAME)
    open_one(page, house, 220)
    page.until(f"{past} === 1")
    house.said(f"/api/incidents/belt/{house.run()}/{seq}/review", {"verdict": "withdrawn"})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when one comes back to the window
    page.until(f"document.querySelector('.one-state').textContent.includes('not reviewed') && {past} === 0")


def test_marks_stand_when_the_same_verdict_is_said_again_from_the_list_and_come_back_when_it_is_taken_back(
    page: Page, house: Reviewed
) -> None:
    seq, marked = worst(house, 220), [[40, 60, 100, 120]]
    place = f"/api/incidents/belt/{house.run()}/{seq}/review"
    house.said(place, {"verdict": "defect", "boxes": marked})
    open_one(page, house, 220)
    page.until("document.querySelectorAll('.stage-over .past').length === 1")
    press(page, "Escape")
    page.until(f"document.querySelector('#one').hidden && document.activeElement === {CURRENT}")
    assert reviewed(page, house, seq, "d")[-1] == ("defect", "", marked, NAME)
    page.evaluate(f"[...document.querySelectorAll('.tile')].find((one) => one.hash.endsWith('/{seq}')).click()")
    page.until(f"{LOADED} && {TITLE} === 'belt · #{seq}'")
    press(page, "Escape")
    page.until(f"document.querySelector('#one').hidden && document.activeElement === {CURRENT}")
    assert reviewed(page, house, seq, "f")[-1] == ("false_alarm", "", [], NAME)
    assert reviewed(page, house, seq, "z")[-1] == ("defect", "", marked, NAME)
    house.said(place, {"verdict": "withdrawn"})


def test_a_field_that_holds_what_nothing_can_be_looked_for_by_says_so_and_the_list_stays(
    page: Page, house: Reviewed
) -> None:
    go(page, house, "/incidents?camera=belt&score_min=0.5")
    field, count = "document.querySelector('[name=score_min]')", "document.querySelector('#count').textContent"
    page.until(f"{TILES} === {len(BAD)} && {count} && {field}.ariaInvalid === 'false'")
    page.evaluate(f"{field}.focus(), {field}.select()")
    write(page, "7")
    page.until(f"{field}.ariaInvalid === 'true'")
    assert page.evaluate("location.search") == "?camera=belt&score_min=0.5" and page.evaluate(TILES) == len(BAD)
    page.evaluate(f"{field}.select()")
    write(page, "0.25")
    page.until(f"{field}.ariaInvalid === 'false' && location.search.endsWith('score_min=0.25')")


def test_new_incidents_announce_themselves_and_nothing_moves(page: Page, house: Reviewed) -> None:
    first = page.evaluate("document.querySelector('.tile').hash")
    house.put(1000)
    page.until("document.querySelector('#fresh').textContent === '1 new' && !document.querySelector('#fresh').hidden")
    assert page.evaluate("document.querySelector('.tile').hash") == first
    page.evaluate("document.querySelector('#fresh').click()")
    page.until("document.querySelector('.tile').hash.startsWith('#gate/') && document.querySelector('#fresh').hidden")


def test_what_others_say_is_seen_without_asking(page: Page, house: Reviewed) -> None:
    seq = worst(house, 140)
    house.said(f"/api/incidents/belt/{house.run()}/{seq}/review", {"verdict": "defect", "comment": "", "boxes": []})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when one comes back to the window
    page.until(f"document.querySelector('.tile[href$=\"/{seq}\"]').textContent.includes('true defect')")


def test_a_call_that_is_said_again_under_its_number_is_on_record_once(house: Reviewed) -> None:
    seq = worst(house, 220)
    before = len(house.reviews(seq))
    for _ in range(3):
        house.said(f"/api/incidents/belt/{house.run()}/{seq}/review", {"verdict": "unsure"}, act="ab" * 16)
    assert len(house.reviews(seq)) == before + 1


def test_a_phone_shows_everything_within_its_width(page: Page, house: Reviewed) -> None:
    page.resize(360, 740)
    page.until("document.documentElement.scrollWidth <= 360")
    page.evaluate("document.querySelector('.tile').click()")
    page.until(LOADED)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for name in ("defect", "false_alarm", "unsure"):
        left, top, right, bottom = page.evaluate(
            f"(({{left, top, right, bottom}}) => [left, top, right, bottom])"
            f"(document.querySelector('.review-verdicts [data-verdict={name}]').getBoundingClientRect())"
        )
        assert min(left, top) >= 0 and right <= 360 and bottom <= 740 and bottom - top >= 44


def test_on_a_phone_two_fingers_zoom_the_picture_and_one_marks_in_it(page: Page, house: Reviewed) -> None:
    open_one(page, house, 100)
    page.resize(360, 740)
    page.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
    wide = "document.querySelector('.stage-drawing').viewBox.baseVal.width"
    page.until(f"innerWidth === 360 && {wide} === 320")
    fingers(page, [(-20, 0), (20, 0)], [(-30, 0), (30, 0)], [(-40, 0), (40, 0)])
    page.until(f"Math.abs({wide} - 160) < 5")
    assert page.evaluate("visualViewport.scale") == 1, "the page itself stays as it is"
    press(page, "m")
    page.until("document.querySelector('.stage-drawing').hasAttribute('data-marking')")
    fingers(page, [(-20, -20)], [(0, 0)], [(20, 20)])
    page.until("document.querySelectorAll('.mark').length === 1")
    page.until("document.querySelector('.told').textContent === '1 marked: Enter keeps it'")
    page.call("Emulation.setTouchEmulationEnabled", enabled=False)


def fingers(page: Page, *steps: list[tuple[int, int]]) -> None:
    """Fingers that are put down, moved and lifted, about the middle of what is seen of the picture."""
    x, y = page.evaluate(
        "((one, seen) => [one.left + one.width / 2, "
        "(Math.max(one.top, seen.top) + Math.min(one.bottom, seen.bottom)) / 2])"
        "(...['.stage-drawing', '.one-body'].map((name) => document.querySelector(name).getBoundingClientRect()))"
    )
    for number, step in enumerate([*steps, []]):
        kind = "touchEnd" if not step else "touchMove" if number else "touchStart"
        points = [{"x": x + right, "y": y + down, "id": finger} for finger, (right, down) in enumerate(step)]
        page.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)


def test_on_a_small_screen_the_measures_of_an_incident_stand_beside_it_whole(page: Page, house: Reviewed) -> None:
    page.resize(1280, 800)
    page.evaluate("document.querySelector('.tile').click()")
    page.until(LOADED)
    page.until("document.querySelector('.measures')")
    width, room = page.evaluate(
        "(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])(document.querySelector('.scroll:has(.measures)'))"
    )
    assert width <= room, "nothing scrolls sideways"


def test_evidence_on_the_wall_leads_to_its_review(page: Page, house: Reviewed) -> None:
    seq = worst(house, 180)
    go(page, house, f"/#/incident/belt/{house.run()}/{seq}")
    page.until("document.querySelector('.verdict')")
    page.evaluate("document.querySelector('#evidence-review').click()")
    page.until(f"location.pathname === '/incidents' && {TITLE} === 'belt · #{seq}'")


def test_every_key_that_is_told_of_is_shown(page: Page, house: Reviewed) -> None:
    press(page, "?")
    page.until("document.querySelector('.keys-dialog')?.open")
    assert "true defect" in page.text(".keys") and "Shift + arrows" in page.text(".keys")
    press(page, "Escape")
    page.until("!document.querySelector('.keys-dialog')")


def test_a_browser_that_has_no_name_asks_for_one_once(page: Page, house: Reviewed) -> None:
    page.evaluate("localStorage.removeItem('linewatch-name')")
    seq = open_one(page, house, 180)
    press(page, "d")
    page.until("document.querySelector('dialog[open] input')")
    write(page, "Ana")
    assert reviewed(page, house, seq, "Enter")[-1][3] == "Ana"
    seq = open_one(page, house, 140)
    assert reviewed(page, house, seq, "u")[-1][3] == "Ana"
    assert page.evaluate("document.querySelector('dialog[open]') === null")


def test_good_samples_are_reviewed_and_what_was_missed_is_marked(page: Page, house: Reviewed) -> None:
    go(page, house, "/samples?review=none&camera=belt")
    page.until(f"{TILES} >= 3")
    page.evaluate("document.querySelector('.tile').click()")
    page.until(LOADED)
    clean, missed = (
        int(page.evaluate(f"document.querySelectorAll('.tile')[{n}].hash").rpartition("/")[2]) for n in (0, 1)
    )
    press(page, "g")
    page.until(
        f"{TITLE} === 'belt · #{missed}' && {LOADED}?.includes('/{missed:08d}/') || {LOADED}?.includes('/{missed}/')"
    )
    press(page, "m")
    drag(page, (10.5, 100.5), (29.5, 149.5))
    reviewed(page, house, missed, "Enter")
    assert house.reviews(clean) == [("clean", "", [], NAME)]
    assert house.reviews(missed) == [("missed", "", [[10, 100, 30, 150]], NAME)]
    states = dict(rows(house.line.data_dir, "SELECT seq, review FROM samples WHERE review <> ''"))
    assert states == {clean: "clean", missed: "missed"}


def test_the_audit_lists_acts_and_the_newest_entry_of_the_chain(page: Page, house: Reviewed) -> None:
    go(page, house, "/audit?kind=review")
    count = rows(house.line.data_dir, "SELECT count(*) FROM acts WHERE kind='review'")[0][0]
    assert count > 3
    page.until(f"document.querySelectorAll('#rows tr').length === {count}")
    assert page.evaluate("document.querySelectorAll('#rows img').length") == 0
    wait_for(lambda: newest_named(page, house) == newest(house), "the page to name the newest entry")


def newest(house: Reviewed) -> str:
    """The newest entry of the chain; it has a further one every minute."""
    query = "SELECT number, hex(hash) FROM chain ORDER BY number DESC LIMIT 1"
    ((number, entry),) = rows(house.line.data_dir, query)
    return f"{number}:{entry.lower()}"


def newest_named(page: Page, house: Reviewed) -> str:
    """The entry that the page names when it is opened."""
    go(page, house, "/audit?kind=review")
    page.until("document.querySelector('#head').textContent.includes(':')")
    return page.text("#head")


def test_what_is_on_record_by_its_number_counts_as_said_and_other_words_do_not(house: Reviewed) -> None:
    seq, act = worst(house, 220), "5" * 32
    before = len(house.reviews(seq))

    def say(verdict: str, name: str) -> int:
        headers = {"Content_Type": "application/json", "X_Linewatch_Name": name, "X_Linewatch_Act": act}
        body = json.dumps({"verdict": verdict, "comment": "", "boxes": []}).encode()
        return ask(house.address, f"/api/incidents/belt/{house.run()}/{seq}/review", "POST", body, **headers)[0]

    said = [say("defect", "Ann"), say("defect", "Ann"), say("defect", "Ben"), say("unsure", "Ann")]
    assert said == [200, 200, 200, 409]
    assert [review[3] for review in house.reviews(seq)[before:]] == ["Ann"]


def test_a_challenge_is_begun_only_after_a_question_and_the_page_says_what_came_of_it(
    page: Page, house: Reviewed
) -> None:
    begun = "SELECT who FROM acts WHERE kind='challenge' AND id NOT LIKE 'outcome of %'"
    button = "document.querySelector('#challenges button')"
    go(page, house, "/camera/belt")
    page.until("document.querySelector('#challenges .soft')?.textContent === 'None yet.'")
    page.evaluate(f"{button}.click()")
    page.until("document.querySelector('dialog[open] [type=submit]')")
    press(page, "Escape")
    page.until("!document.querySelector('dialog[open]')")
    assert rows(house.line.data_dir, begun) == [], "who turns away begins nothing"
    page.evaluate(f"{button}.click()")
    page.evaluate("document.querySelector('dialog[open] [type=submit]').click()")
    page.until("document.querySelector('#challenges .told').textContent.startsWith('REFUSED: no picture is stored')")
    page.until("document.querySelector('#challenges [data-result=refused]')")
    assert NAME in page.text("#challenges li") and rows(house.line.data_dir, begun) == [(NAME,)]
    assert page.evaluate("document.querySelectorAll('#challenges b').length") == 0


def test_the_mark_of_a_challenge_that_a_real_defect_got_is_taken_off_by_hand_and_put_back(
    page: Page, house: Reviewed
) -> None:
    marks = "SELECT challenge FROM incidents WHERE camera='gate' AND worst_seq={}"
    shown = "SELECT worst_seq FROM incidents WHERE camera='gate' AND challenge=1"
    house.said("/api/challenge/gate", {"what": "part", "within_s": 600})
    wait_for(lambda: house.asked("/api/challenges?camera=gate")["challenges"], "the challenge on record")
    for number in range(GAP + 1):  # so that the next defect begins an incident
        house.put(2000 + number, bad=False)
    judged = "SELECT sum(stop - start) FROM ledger WHERE camera='gate'"
    wait_for(lambda: (rows(house.line.data_dir, judged)[0][0] or 0) > GAP, "the good ones")
    house.put(3000)
    ((seq,),) = wait_for(lambda: rows(house.line.data_dir, shown), "an incident that is taken for the known-bad part")
    go(page, house, f"/incidents#gate/{house.run('gate')}/{seq}")
    button, words = "document.querySelector('.one-mark button')", "document.querySelector('.one-mark p').textContent"
    tile = "document.querySelector('.tile[data-current]').textContent"
    live = f"{button} && !{button}.disabled"
    page.until(f"{live} && {words}.includes('counts as the known-bad part') && {tile}.includes('known-bad part')")
    page.evaluate(f"{button}.click(); {button}.click()")
    page.until(f"{words}.includes('it counts as a defect') && !{tile}.includes('known-bad part')")
    wait_for(lambda: rows(house.line.data_dir, marks.format(seq)) == [(0,)], "the mark off, on record")
    assert house.asked("/api/challenges?camera=gate")["challenges"][0]["taken_off_by"] == NAME
    page.until(live)
    page.evaluate(f"{button}.click()")
    page.until(f"{words}.includes('counts as the known-bad part') && {tile}.includes('known-bad part')")
    wait_for(lambda: rows(house.line.data_dir, marks.format(seq)) == [(1,)], "the mark back, on record")
    said = "SELECT new FROM acts WHERE kind='known_bad' ORDER BY number"
    assert rows(house.line.data_dir, said) == [("0",), ("1",)], "pressed twice, said once"
    open_one(page, house, 60)
    page.until("document.querySelector('.past, .one-past .soft')")
    assert page.evaluate("document.querySelector('.one-mark').children.length") == 0, "of any other it says nothing"
