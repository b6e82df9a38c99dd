"""What the pages for reviewing reckon, in a browser: filters, boxes, what is seen, what is said again, 50,000 rows."""

from __future__ import annotations

import functools
import http.server
import json
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import Browser, Page, browser
from tests.line import ROOT

STATIC = ROOT / "stream" / "web"
MANY = 50_000
SIZE = (640, 480)
KNOWN = '["camera", "when", "since", "until", "part"]'


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}  # noqa: RUF012

    def log_message(self, *_words: object) -> None:
        """No page of the test's log."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """An empty page beside the modules."""
    folder = tmp_path_factory.mktemp("browser")
    serve = functools.partial(Quiet, directory=str(STATIC))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with browser(folder) as chromium:
                yield opened(chromium, server.server_address[1])
        finally:
            server.shutdown()
            thread.join(60)


def opened(chromium: Browser, port: int) -> Page:
    page = chromium.open(f"http://127.0.0.1:{port}/static/icon.svg")
    page.go(f"http://127.0.0.1:{port}/static/open.html")
    return page


def run(page: Page, module: str, body: str, *given: object) -> Any:
    """What a function body makes of a module `m` and of `g`, what is given; as JSON."""
    words = f"(async (g) => {{ const m = await import('/static/{module}'); {body} }})({json.dumps(given)})"
    return page.evaluate(words)


@pytest.mark.parametrize(
    ("search", "filter_"),
    [
        ("", {}),
        ("?camera=belt&part=a%26b%3Dc+%3Cb%3E", {"camera": "belt", "part": "a&b=c <b>"}),
        ("?part=%E2%80%AE&evil=1&camera=", {"part": "\u202e"}),
    ],
    ids=["none", "signs", "unknown"],
)
def test_a_filter_is_the_same_after_a_reload(page: Page, search: str, filter_: dict[str, str]) -> None:
    known = f"const known = {KNOWN};"
    read = run(page, "review_filters.js", f"{known} return m.filterOf(g[0], known)", search)
    again = run(page, "review_filters.js", f"{known} return m.filterOf(m.searchOf(g[0], known), known)", filter_)
    assert read == again == filter_


def test_a_shift_begins_when_the_line_says_and_else_at_midnight(page: Page) -> None:
    body = "const now = new Date(2026, 10, 23, 9), six = new Date(2026, 10, 23, 6), day = new Date(2026, 10, 23);"
    asked = "const begun = [six, null].map((shift) => m.askedOf({when: 'shift'}, now, shift).since);"
    asked += "return [...begun, six.toISOString(), day.toISOString()]"
    since, without, six, midnight = run(page, "review_filters.js", body + asked)
    assert (since, without) == (six, midnight)


def test_yesterday_ends_where_today_begins(page: Page) -> None:
    asked = "const now = new Date(2026, 2, 29, 12); return ['yesterday', 'today'].map((when) => m.askedOf({when}, now))"
    yesterday, today = run(page, "review_filters.js", asked)
    assert yesterday["until"] == today["since"] and "until" not in today


def test_boxes_stay_whole_pixels_inside_the_picture_whatever_is_done_to_them(page: Page) -> None:
    draw = random.Random(7)
    points = [[draw.uniform(-900, 900) for _ in range(8)] for _ in range(500)]
    boxes = run(
        page,
        "evidence_boxes.js",
        "return g[0].map(([a, b, c, d, dx, dy, x, y], n) => { const box = m.between([a, b], [c, d], g[1]);"
        "return [box, m.moved(box, dx, dy, g[1]), m.pulled(box, n % 4, [x, y], g[1])] }).flat()",
        points,
        SIZE,
    )
    for x0, y0, x1, y1 in boxes:
        assert all(isinstance(edge, int) for edge in (x0, y0, x1, y1))
        assert 0 <= x0 < x1 <= SIZE[0] and 0 <= y0 < y1 <= SIZE[1]


def test_a_box_that_is_moved_keeps_its_size_and_one_that_is_drawn_holds_every_pixel_it_touches(page: Page) -> None:
    body = "return [m.between([10.5, 30.2], [9.1, 20.9], g[0]), m.moved([5, 5, 25, 15], 1000, -1000, g[0])]"
    assert run(page, "evidence_boxes.js", body, SIZE) == [[9, 20, 11, 31], [620, 0, 640, 10]]


def test_what_is_seen_stays_in_the_picture_and_the_point_under_the_mouse_stays_put(page: Page) -> None:
    draw = random.Random(3)
    steps = [[draw.uniform(0.3, 4), draw.uniform(0, SIZE[0]), draw.uniform(0, SIZE[1])] for _ in range(300)]
    views = run(
        page,
        "evidence_view.js",
        "let view = m.whole(g[1]); return g[0].map(([f, x, y]) => (view = m.zoomed(view, f, [x, y], g[1])))",
        steps,
        SIZE,
    )
    for view in views:
        assert view["x"] >= 0 and view["y"] >= 0 and view["w"] > 0
        assert view["x"] + view["w"] <= SIZE[0] + 1e-6 and view["y"] + view["h"] <= SIZE[1] + 1e-6
    near = run(page, "evidence_view.js", "return m.zoomed(m.whole(g[0]), 2, [100, 120], g[0])", SIZE)
    assert (near["x"], near["y"], near["w"]) == (50, 60, 320)


SAVING = """
const store = new Map();
const kept = { get length() { return store.size }, key: (n) => [...store.keys()][n] ?? null,
  getItem: (k) => store.get(k) ?? null, setItem: (k, v) => store.set(k, v), removeItem: (k) => store.delete(k) };
const sent = [];
let here = 'Ann';
const who = async () => here;
const answers = g[0];
const send = async (path, body, id) => {
  sent.push([path, id]);
  return answers.shift() ?? {ok: true, status: 200, error: ''};
};
"""
AWAY = {"ok": False, "status": 503, "error": "away"}
NEVER = {"ok": False, "status": 403, "error": "no right"}


def test_what_is_not_saved_outlives_the_page_and_is_said_again_under_its_number(page: Page) -> None:
    body = SAVING + (
        "const one = new m.Saving(send, () => {}, who, kept); one.add('/a', {}, {}, 'Ann');"
        "one.add('/b', {}, {}, 'Ann'); await one.busy;"
        "clearTimeout(one.due); const waiting = one.unsaved.length + store.size;"
        "const next = new m.Saving(send, () => {}, who, kept); await next.go();"
        "return [waiting, sent, store.size, next.items.length]"
    )
    waiting, sent, left, items = run(page, "review_saving.js", body, [AWAY])
    assert (waiting, left, items) == (3, 0, 0)
    assert [path for path, _ in sent] == ["/a", "/a", "/b"] and sent[0][1] == sent[1][1] != sent[2][1]
    assert all(len(number) == 32 for _, number in sent)


def test_what_the_line_refuses_is_kept_and_holds_nothing_else_up(page: Page) -> None:
    body = SAVING + (
        "const one = new m.Saving(send, () => {}, who, kept); one.add('/a', {}, {}, 'Ann');"
        "one.add('/b', {}, {}, 'Ann'); await one.busy;"
        "const held = one.items.map(({path, error, stopped}) => [path, error, stopped]); one.discard();"
        "return [held, store.size]"
    )
    assert run(page, "review_saving.js", body, [NEVER]) == [[["/a", "no right", True]], 0]


def test_what_was_not_sent_can_be_dropped_and_what_may_have_arrived_cannot(page: Page) -> None:
    body = SAVING + (
        "let answer; const first = new Promise((settled) => { answer = settled }), begun = [];"
        "const slow = (...words) => { begun.push(words); return first.then(() => send(...words)) };"
        "const one = new m.Saving(slow, () => {}, who, kept);"
        "const [a, b] = ['/a', '/b'].map((path) => one.add(path, {}, {}, 'Ann'));"
        "while (!begun.length) await null;"
        "const dropped = [one.drop(a), one.drop(b)]; answer();"
        "return [...dropped, (await one.busy, sent.map(([path]) => path))]"
    )
    assert run(page, "review_saving.js", body, []) == [False, True, ["/a"]]


def test_what_waits_is_sent_under_its_own_name_alone_and_the_next_person_hears_whose_it_is(page: Page) -> None:
    body = SAVING + (
        "const one = new m.Saving(send, () => {}, who, kept); one.add('/a', {}, {}, 'Ann'); await one.busy;"
        "clearTimeout(one.due); here = 'Ben';"
        "const next = new m.Saving(send, () => {}, who, kept); await next.ask(); await next.go();"
        "next.add('/b', {}, {}, 'Ben'); await next.busy; next.discard();"
        "const { waiting } = await import('/static/review_banner.js');"
        "const told = waiting(next.others), to = sent.map(([path]) => path);"
        "here = null; await next.go(); clearTimeout(next.due);"
        "here = 'Ann'; await next.go();"
        "return [to, told, sent.map(([path]) => path), store.size]"
    )
    to, told, later, left = run(page, "review_saving.js", body, [AWAY])
    assert to == ["/a", "/b"], "Ann's is not sent in Ben's session"
    assert told.startswith("1 review by Ann NOT SAVED")
    assert (later, left) == (["/a", "/b", "/a"], 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a⟨202E⟩b"),
        ("a\x00\tb", "a⟨0000⟩⟨0009⟩b"),
        ("two\nlines", "two\nlines"),
        ("Grüße 漢字 <b>", "Grüße 漢字 <b>"),
    ],
    ids=["turned", "hidden", "lines", "letters"],
)
def test_signs_that_hide_or_turn_words_are_made_visible(page: Page, text: str, shown: str) -> None:
    assert run(page, "review_words.js", "return m.plain(g[0])", text) == shown


def test_the_pace_leaves_pauses_out_and_says_how_long_the_rest_takes(page: Page) -> None:
    body = "const pace = m.pace([0, 4000, 9000, 12000, 4e6]); return [pace, m.paceWords(pace, 30, false)]"
    pace, words = run(page, "review_pace.js", body)
    assert pace == {"done": 5, "each_s": 4} and words == "30 left · 5 done · 4.0 s each · about 2 min to go"


LISTED = f"""
for (const name of ['parts', 'review']) {{
  const sheet = Object.assign(document.createElement('link'), {{rel: 'stylesheet', href: `/static/${{name}}.css`}});
  await new Promise((loaded) => {{ sheet.onload = loaded; document.head.append(sheet); }});
}}
document.body.innerHTML = '<div class="scroller" id="box"></div>';
box.style.cssText = 'height: 600px; width: 700px; flex: none';
const {{ tile, word }} = await import('/static/review_tile.js');
const rows = Array.from({{length: {MANY}}}, (_, n) => ({{n, camera: g[0]}}));
const list = new m.WindowedList(box, {{ key: (r) => String(r.n), sign: (r) => JSON.stringify(r), label: '',
  nearEnd: () => {{}},
  tile: (r) => tile({{run: 1, seq: r.n}}, null, false, [[word(`row ${{r.n}}`)], [word(r.camera)]]) }});
list.show(rows, rows.length);
"""


def test_of_50000_rows_only_those_that_are_seen_are_in_the_document_and_the_last_can_be_reached(page: Page) -> None:
    body = LISTED + (
        f"const before = box.querySelectorAll('li').length; list.reveal({MANY - 1});"
        "const last = [...box.querySelectorAll('li')].at(-1); const place = last.getBoundingClientRect();"
        "const about = box.getBoundingClientRect();"
        "const seen = place.bottom <= about.bottom + 1;"
        "return [before, box.querySelectorAll('li').length, last.textContent, seen, last.ariaPosInSet]"
    )
    before, after, last, seen, place = run(page, "review_window.js", body, "gate")
    assert max(before, after) < 100 and f"row {MANY - 1}" in last and seen and place == str(MANY)


def test_a_hostile_name_is_text_and_moves_nothing(page: Page) -> None:
    nasty = "<img src=x onerror=document.title='broken'>\u202e" + "W" * 500
    body = LISTED + (
        "const heights = new Set([...box.querySelectorAll('li')].map((one) => one.getBoundingClientRect().height));"
        "const shown = box.textContent.includes('<img src=x');"
        "return [box.querySelectorAll('img, b').length, heights.size, box.scrollWidth <= box.clientWidth, shown]"
    )
    assert run(page, "review_window.js", body, nasty) == [0, 1, True, True]


BOX, OTHER = [1, 2, 3, 4], [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("review", "reviews", "boxes"),
    [
        ("", [{"verdict": "withdrawn", "boxes": []}, {"verdict": "defect", "boxes": [BOX]}], []),
        ("defect", [{"verdict": "defect", "boxes": [BOX]}, {"verdict": "defect", "boxes": [OTHER]}], [BOX]),
        ("defect", [{"verdict": "defect", "boxes": []}, {"verdict": "defect", "boxes": [OTHER]}], []),
        ("unsure", [{"verdict": "unsure", "boxes": []}, {"verdict": "defect", "boxes": [BOX]}], []),
        ("defect", [{"verdict": "defect", "boxes": [BOX], "seq": 8}, {"verdict": "defect", "boxes": [OTHER]}], [OTHER]),
        ("defect", [], []),
    ],
    ids=["taken back", "the newest", "said again without", "another verdict", "of another frame", "never"],
)
def test_the_marks_that_stand_are_those_that_an_export_takes(
    page: Page, review: str, reviews: list[dict[str, Any]], boxes: list[Any]
) -> None:
    one = {"row": {"review": review}, "reviews": [{"seq": 7, **said} for said in reviews], "seq": 7}
    assert run(page, "evidence_boxes.js", "return m.standing(g[0])", one) == boxes
