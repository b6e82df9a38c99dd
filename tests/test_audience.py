"""What each open page gets: the newest, and no more than it can take."""

from __future__ import annotations

import pytest

from stream.messages import FrameRef, Judged, VerdictRecord
from stream.web.audience import CREDITS, USUAL, VIEWERS_MAX, Audience, CrowdedError
from stream.web.painter import behind, newest
from stream.web.pictures import Picture, Wish, picture_bytes, split_picture, wish_of
from stream.web.talk import Echo, Got, Look, TalkError, hear


def judged(seq: int, state: str = "GOOD", camera: str = "belt") -> Judged:
    frame = FrameRef(camera, 1, seq, 1_000_000, 0, None, "h", "b", "r", 0, 2, 4, 4)
    verdict = VerdictRecord(state, 0.5, None, (), None, "", "b", "s", (0.0, 0.0, 0.0, 0.0))
    return Judged("inspect 1", frame, verdict, 5_000_000)


def picture(seq: int, camera: str = "belt", wish: Wish = USUAL) -> Picture:
    return Picture(judged(seq, camera=camera), wish, b"jpeg %d" % seq)


def sent(pictures: list[Picture]) -> list[int]:
    return [picture.judged.frame.seq for picture in pictures]


def test_a_slow_viewer_gets_the_newest_only() -> None:
    audience = Audience()
    viewer = audience.join()
    for seq in range(5):
        audience.show([picture(seq)])
    assert sent(viewer.take()[1]) == [4]


def test_no_more_pictures_are_on_the_way_than_the_viewer_has_credits() -> None:
    audience = Audience()
    viewer = audience.join()
    seen = []
    for seq in range(CREDITS + 3):
        audience.show([picture(seq)])
        seen += sent(viewer.take()[1])
    assert seen == list(range(CREDITS)) and not audience.wanted("belt")
    audience.got(viewer, "belt")
    assert audience.wanted("belt") == {USUAL} and sent(viewer.take()[1]) == [CREDITS + 2]


def test_who_has_a_picture_is_woken_only_where_another_waits() -> None:
    audience = Audience()
    viewer = audience.join()
    for seq in range(CREDITS):
        audience.show([picture(seq)])
        viewer.take()
    audience.got(viewer, "belt")
    assert not viewer.something.is_set()
    for seq in range(CREDITS, CREDITS + 2):
        audience.show([picture(seq)])
        viewer.take()
    audience.got(viewer, "belt")
    assert viewer.something.is_set() and sent(viewer.take()[1]) == [CREDITS + 1]


def test_cameras_do_not_take_each_others_credits() -> None:
    audience = Audience()
    viewer = audience.join()
    for seq in range(CREDITS + 1):
        audience.show([picture(seq)])
        viewer.take()
    audience.show([picture(0, "lid")])
    assert [p.camera for p in viewer.take()[1]] == ["lid"]


def test_credits_cannot_be_made_by_saying_got() -> None:
    audience = Audience()
    viewer = audience.join()
    for _ in range(100):
        audience.got(viewer, "belt")
    for seq in range(CREDITS):
        audience.show([picture(seq)])
        viewer.take()
    assert not viewer.wants("belt")


def test_who_comes_late_gets_the_last_of_everything() -> None:
    audience = Audience()
    audience.tell("status", "old")
    audience.tell("status", "new")
    audience.show([picture(7)])
    texts, pictures = audience.join().take()
    assert texts == ["new"] and sent(pictures) == [7]


def test_nobody_wants_a_picture_where_nobody_looks() -> None:
    audience = Audience()
    assert not audience.wanted("belt")
    audience.leave(audience.join())
    assert not audience.wanted("belt")


def test_too_many_viewers_are_refused() -> None:
    audience = Audience()
    for _ in range(VIEWERS_MAX):
        audience.join()
    with pytest.raises(CrowdedError):
        audience.join()


@pytest.mark.parametrize(
    ("waiting", "comes", "busy", "expected"),
    [
        (None, judged(1), True, 1),
        (judged(1), judged(2), True, 2),
        (judged(1, "BAD"), judged(2), True, 1),
        (judged(1, "BAD"), judged(2, "BAD"), True, 2),
        (judged(1, "BAD"), judged(2), False, 2),
    ],
    ids=["first", "newer", "BAD is not passed over", "BAD gives way to BAD", "nobody looked: newest"],
)
def test_which_verdict_is_painted_next(waiting: Judged | None, comes: Judged, busy: bool, expected: int) -> None:
    assert newest(waiting, comes, busy=busy).frame.seq == expected


def test_a_verdict_behind_what_is_shown_is_shown_only_where_it_is_bad() -> None:
    assert behind(judged(1), judged(2)) and not behind(judged(3), judged(2)) and not behind(judged(1), None)
    assert not behind(judged(1, "BAD"), judged(2))


def test_a_picture_travels_with_its_own_verdict_and_its_age_at_sending() -> None:
    came = split_picture(picture_bytes(picture(3), 11_000_000))
    header = came.header
    assert (header.seq, header.state, came.jpeg, came.mask_png) == (3, "GOOD", b"jpeg 3", b"")
    assert (header.age_ms, header.judged_ms, header.latency_ms) == (10.0, 6.0, 4.0)


def test_only_the_pages_own_words_are_heard() -> None:
    assert hear('{"kind":"got","camera":"belt"}') == Got("belt")
    assert hear('{"kind":"look","cameras":{"belt":640}}') == Look({"belt": 640})
    assert hear('{"kind":"echo","page_ms":1.5}') == Echo(1.5)
    for text in ("", "[]", "{}", '{"kind":"stop"}', '{"kind":"got","camera":7}', '{"kind":"look","cameras":{"a":0}}'):
        with pytest.raises(TalkError):
            hear(text)


def test_those_who_wish_alike_share_one_encoding_and_others_get_their_own() -> None:
    audience = Audience()
    close, wide, away = audience.join(), audience.join(), audience.join()
    audience.look(close, {"belt": Wish(1920)})
    audience.look(away, {})
    assert audience.wanted("belt") == {Wish(1920), USUAL} and audience.wanted("lid") == {USUAL}
    audience.show([picture(1), picture(1, wish=Wish(1920))])
    assert [[p.wish for p in viewer.take()[1]] for viewer in (close, wide, away)] == [[Wish(1920)], [USUAL], []]


def test_what_is_drawn_in_is_shown_to_nobody_who_draws_himself() -> None:
    audience = Audience()
    drawn = audience.join({"belt": Wish(960, drawn=True)})
    audience.show([picture(1, wish=Wish(960, drawn=True))])
    assert sent(drawn.take()[1]) == [1] and sent(audience.join().take()[1]) == []


@pytest.mark.parametrize(
    ("asked", "most", "width"), [(1, 960, 160), (640, 960, 640), (641, 960, 960), (3000, 960, 960), (9999, 7680, 7680)]
)
def test_pictures_are_encoded_in_few_widths(asked: int, most: int, width: int) -> None:
    assert wish_of(asked, most) == Wish(width)
