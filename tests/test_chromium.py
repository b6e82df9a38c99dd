"""The driver of the browser that the page's tests rely on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import browser
from tools.chromium import ScriptError

FIRST, NEXT = "<title>first</title>", "<title>next</title>"


def test_waiting_goes_on_where_a_page_leads_to_another_before_it_answers(tmp_path: Path) -> None:
    (tmp_path / "next.html").write_text(NEXT)
    (tmp_path / "first.html").write_text(FIRST)
    with browser(tmp_path) as chromium:
        page = chromium.open((tmp_path / "first.html").as_uri())
        leaves = "new Promise(() => location.assign('next.html'))"  # never kept: the page is gone before
        page.until(f"location.pathname.endsWith('next.html') || {leaves}")
        page.until("document.title === 'next'")


def test_an_opened_page_is_the_one_that_was_asked_for_and_whole(tmp_path: Path) -> None:
    addresses = [tmp_path / name for name in ("first.html", "next.html")]
    for file, says in zip(addresses, (FIRST, NEXT), strict=True):
        file.write_text(f"{says}<p id=there>" + "<i></i>" * 10_000 + "<p id=end>")
    with browser(tmp_path) as chromium:
        page = chromium.open("about:blank")
        for file in addresses * 5:
            page.go(file.as_uri())
            assert page.text("title") == file.stem
            assert page.evaluate("document.querySelectorAll('#end').length") == 1
        page.go(f"{addresses[-1].as_uri()}#end")  # the same document: nothing to wait for
        assert page.evaluate("location.hash") == "#end"


def test_waiting_goes_on_where_what_is_asked_for_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "first.html").write_text(FIRST)
    with browser(tmp_path) as chromium:
        page = chromium.open((tmp_path / "first.html").as_uri())
        comes = "document.body.innerHTML ||= (window.asked = (window.asked ?? 0) + 1) > 3 ? '<p>there' : ''"
        page.until(f"({comes}, document.querySelector('p').textContent) === 'there'")
        with pytest.raises(AssertionError, match=r"failed .*TypeError.* within 0.1 s"):
            page.until("document.querySelector('#never').textContent", within_s=0.1)
        with pytest.raises(ScriptError, match="SyntaxError"):
            page.until("what is no expression")
