"""The pages that people open, as their bytes are sent."""

from __future__ import annotations

import os
import subprocess
import sys

from stream.web.pages import PAGES, SHARED, STATIC, whole

SENDS_THEM = """
import asyncio, sys
from aiohttp import web
from stream.web.pages import add_pages
add_pages(app := web.Application())
for route in app.router.routes():
    if route.method == "GET":
        sys.stdout.buffer.write(asyncio.run(route.handler(None)).body)
"""


def test_a_page_is_sent_as_it_was_written_whatever_the_computer_takes_for_its_letters() -> None:
    ascii_alone = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    sent = subprocess.run([sys.executable, "-c", SENDS_THEM], env=ascii_alone, capture_output=True, timeout=200)
    assert sent.returncode == 0, sent.stderr.decode()
    texts = [whole((STATIC / page.file).read_text("utf-8"), SHARED.read_text("utf-8")) for page in PAGES]
    assert sent.stdout.decode() == "".join(texts)
    assert not sent.stdout.isascii(), "no page has a letter that could come out wrong"
