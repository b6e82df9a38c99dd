"""What each open page gets: the newest, and no more than it can take."""

from __future__ import annotations

import pytest

from stream.messages import FrameRef, Judged, VerdictRecord
from stream.web.audience import CREDITS, VIEWERS_MAX, Audience, CrowdedError
from stream.web.painter import behind, newest
from stream.web.talk import Got, Picture, TalkError, hear, picture_bytes, split_picture


def judged(seq: int, state: str = "GOOD", camera: str = "belt") -> Judged:
    frame = FrameRef(camera, 1, seq, 1_000_000, 0, None, "h", "b", "r", 0, 2, 4, 4)
    verdict = VerdictRecord(state, 0.5, None, (), None, "", "b", "s", (0.0, 0.0, 0.0, 0.0))
    return Judged("inspect 1", frame, verdict, 5_000_000)


def picture(seq: int, camera: str = "belt") -> Picture:
    return Picture(judged(seq, camera=camera), b"jpeg %d" % seq)


def sent(pictures: list[Picture]) -> list[int]:
    return [picture.judged.frame.seq for picture in pictures]


def test_a_slow_viewer_gets_the_newest_only() -> None:
    audience = Audience()
    viewer = audience.join()
    for seq in range(5):
        audience.show(picture(seq))
    assert sent(viewer.take()[1]) == [4]


def test_no_more_pictures_are_on_the_way_than_the_viewer_has_credits() -> None:
    audience = Audience()
    viewer = audience.join()
    seen = []
    for seq in range(CREDITS + 3):
        audience.show(picture(seq))
        seen += sent(viewer.take()[1])
    assert seen == list(range(CREDITS)) and not audience.wants("belt")
    audience.got(viewer, "belt")
    assert audience.wants("belt") and sent(viewer.take()[1]) == [CREDITS + 2]


def test_cameras_do_not_take_each_others_credits() -> None:
    audience = Audience()
    viewer = audience.join()
    for seq in range(CREDITS + 1):
        audience.show(picture(seq))
        viewer.take()
    audience.show(picture(0, "lid"))
    assert [p.camera for p in viewer.take()[1]] == ["lid"]


def test_credits_cannot_be_made_by_saying_got() -> None:
    audience = Audience()
    viewer = audience.join()
    for _ in range(100):
        audience.got(viewer, "belt")
    for seq in range(CREDITS):
        audience.show(picture(seq))
        viewer.take()
    assert not viewer.wants("belt")


def test_who_comes_late_gets_the_last_of_everything() -> None:
    audience = Audience()
    audience.tell("status", "old")
    audience.tell("status", "new")
    audience.show(picture(7))
    texts, pictures = audience.join().take()
    assert texts == ["new"] and sent(pictures) == [7]


def test_nobody_wants_a_picture_where_nobody_looks() -> None:
    audience = Audience()
    assert not audience.wants("belt")
    audience.leave(audience.join())
    assert not audience.wants("belt")


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
    header, jpeg = split_picture(picture_bytes(picture(3), 11_000_000))
    assert (header.seq, header.state, jpeg) == (3, "GOOD", b"jpeg 3")
    assert (header.age_ms, header.judged_ms, header.latency_ms) == (10.0, 6.0, 4.0)


def test_only_the_pages_own_words_are_heard() -> None:
    assert hear('{"kind":"got","camera":"belt"}') == Got("belt")
    for text in ("", "[]", "{}", '{"kind":"stop"}', '{"kind":"got","camera":7}'):
        with pytest.raises(TalkError):
            hear(text)
