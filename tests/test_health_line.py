"""A camera that freezes under a running line: on the page, in the log, in the verdicts; and after its capture died."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from stream.defect_log import open_for_reading
from stream.log_frames import read_events, read_frames
from tests.browser import browser
from tests.line import RunningLine, running, wait_for, write_line

AT = 40
SHARE = """(() => {
    const band = document.querySelector(".health");
    band.hidden = false; // a machine that others use may have covered the picture just now
    band.querySelector(".health-text").textContent = "The camera has moved, or something stands before it. ".repeat(9);
    return band.getBoundingClientRect().height / band.parentElement.getBoundingClientRect().height;
})()"""  # with the longest that may be said


def health_events(line: RunningLine) -> list[tuple[int, str]]:
    """Run and text of each, oldest first."""
    with closing(open_for_reading(line.data_dir)) as db:
        return [(e.run, e.text) for e in read_events(db, since=None, camera="belt") if e.kind == "health"]


def begun(line: RunningLine) -> list[tuple[int, str]]:
    """Those that say that a fault begins."""
    return [(run, text) for run, text in health_events(line) if ": over" not in text]


def test_a_frozen_camera_is_an_alarm_on_the_page_and_unknown_on_record_also_after_a_kill(tmp_path: Path) -> None:
    file = write_line(tmp_path, f"synthetic:?size=320x240&fps=25&fault=frozen&fault_at={AT}")
    with running(file) as line, browser(tmp_path) as chromium:
        address = wait_for(lambda: re.search(r"http://\S+", line.said()), "the page's address")[0]
        page = chromium.open(address)
        page.until("document.querySelector('.health')?.checkVisibility()")
        assert page.text(".health-word") == "FROZEN" and "Switch the camera off and on" in page.text(".health-text")
        for width in (360, 1280):
            page.resize(width, 800)
            share = page.evaluate(SHARE)
            assert 0 < share < 0.35, f"it covers {share:.2f} of the picture, {width} px wide"
        said = "['.word', '.why'].map((one) => document.querySelector(one).textContent).join()"
        page.until(f"{said} === 'UNKNOWN,frozen'")  # on a slow machine one before may be UNKNOWN for its age
        wait_for(lambda: health_events(line), "the event")
        line.kill("capture belt")
        wait_for(lambda: len(begun(line)) >= 2, "the event of the next run")
        page.until("document.querySelector('.health')?.checkVisibility()")
    events = begun(line)
    assert len({run for run, _ in events}) == len(events) >= 2, "an alarm once a run"
    frames = [int(found[1]) for _, text in events if (found := re.search(r"^FROZEN: .* \(frame (\d+)\)$", text))]
    assert len(frames) == len(events) and min(frames) > AT, "none before the camera froze"
    with closing(open_for_reading(line.data_dir)) as db:
        unknown = list(read_frames(db, since=None, camera="belt", state="UNKNOWN"))
    frozen = [frame for frame in unknown if frame.reason == "frozen"]
    assert frozen and min(frame.seq for frame in frozen) > AT
