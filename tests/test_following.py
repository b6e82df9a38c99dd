"""A role alone on another host belongs to the session of the line, for as long as that lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from stream.following import HOUSE, HouseSession
from stream.heart import Heart
from stream.links import Links
from stream.messages import HouseStatus
from stream.places import Places
from tests.line import wait_for


class PlayedHouse:
    """A supervisor that says its session again and again."""

    def __init__(self, places: Places) -> None:
        self._links = Links()
        self._link = self._links.publish(places.socket(HOUSE))
        self.session = ""

    def say_until(self, stop: threading.Event) -> None:
        while not stop.wait(0.02):
            self._link.send(HouseStatus((), (), self.session))

    def close(self) -> None:
        self._links.close()


@pytest.fixture
def house(places: Places) -> Iterator[PlayedHouse]:
    played = PlayedHouse(places)
    yield played
    played.close()


def test_a_role_waits_for_the_line_and_ends_when_another_session_begins(house: PlayedHouse, places: Places) -> None:
    role, heart, stop = HouseSession(places), Heart(None), threading.Event()
    house.session = "first"
    saying = threading.Thread(target=house.say_until, args=(stop,))
    saying.start()
    try:
        assert role.wait(heart) and role.session == "first"
        one = Heart(None, lambda: not heart.stopping and role.same())
        assert one.beat() and one.beat()
        house.session = ""  # an older line says none: that is no other session
        assert one.beat()
        house.session = "second"
        wait_for(lambda: not one.beat(), "the end of the first session")
        assert one.stopping and not heart.stopping
        assert role.wait(heart) and role.session == "second" and role.same()
    finally:
        stop.set()
        saying.join()
        role.close()


def test_a_role_that_shall_stop_does_not_wait_for_a_line_that_never_comes(places: Places) -> None:
    role, heart = HouseSession(places), Heart(None)
    heart.stop()
    assert not role.wait(heart)
    role.close()
