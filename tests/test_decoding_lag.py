"""Whether decoding keeps up, in words: told as it begins and once it is over, an alarm in between."""

from __future__ import annotations

import math

from stream.decoding_lag import CALM_S, DecodingLag


def test_a_camera_whose_pictures_are_all_decoded_says_nothing() -> None:
    lag = DecodingLag()
    assert lag.step(5.0) == lag.alarm == ""


def test_what_is_left_out_is_told_once_stands_as_an_alarm_and_is_counted_at_its_end() -> None:
    lag = DecodingLag()
    begins = lag.left_out(12, 0.6, 100.0)
    assert begins.startswith("TOO MANY PICTURES: ") and "one waited 0.6 s" in begins
    assert lag.left_out(3, 0.7, 104.0) == "", "once"
    assert "15 pictures were left out and not inspected" in lag.alarm and "fewer or smaller pictures" in lag.alarm
    assert lag.step(104.0 + CALM_S - 0.1) == "" and lag.alarm
    assert lag.step(104.0 + CALM_S) == "TOO MANY PICTURES: over, 15 pictures in 4.0 s were not inspected"
    assert lag.alarm == lag.step(200.0) == ""
    assert lag.left_out(1, 0.5, 300.0), "a new time is told anew"


def test_where_each_picture_is_wanted_slow_judging_is_named_beside_slow_decoding() -> None:
    """A full ring is waited for: the decoder may be idle."""
    newest, every = DecodingLag(newest=True), DecodingLag(newest=False)
    for lag, blamed in ((newest, False), (every, True)):
        for said in (lag.left_out(12, 9.6, 100.0), lag.alarm):
            assert ("decodes or judges them" in said and "add an inspector" in said) == blamed
            assert "faster than this computer decodes" in said and "more processor" in said


def test_it_is_over_when_the_camera_is_lost() -> None:
    lag = DecodingLag()
    lag.left_out(1, 0.5, 300.0)
    assert lag.step(math.inf).startswith("TOO MANY PICTURES: over") and not lag.alarm
