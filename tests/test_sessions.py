"""Who is logged in, and for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.web.passwords import Cost, keep
from stream.web.sessions import (
    ALL_MAX,
    EACH_MAX,
    IDLE_S,
    LASTING_S,
    USED_EVERY_S,
    Session,
    Sessions,
    key_of,
    sessions_in,
    text_of,
)
from stream.web.users import User, Users

ROW = keep("correct horse", Cost(10, 8, 1))
ANN = User("ann", "viewer", ROW)


def test_a_session_is_found_by_its_id_and_by_nothing_that_is_kept_of_it() -> None:
    sessions = Sessions()
    session = sessions.begin("a random id", "ann", "mark", 0.0)
    assert sessions.find("a random id", 1.0) == session
    assert not any(sessions.find(word, 1.0) for word in ("", "another", session.key, "\udcff"))
    assert b"a random id" not in text_of(sessions.all())


def test_it_ends_when_it_is_not_used_and_in_the_end_whatever_is_asked() -> None:
    sessions = Sessions()
    sessions.begin("one", "ann", "mark", 0.0)
    now_s = 0.0
    while now_s < LASTING_S:
        assert sessions.find("one", now_s)
        now_s += IDLE_S * 0.9
    assert sessions.find("one", now_s) is None
    sessions.begin("two", "ann", "mark", 0.0)
    assert sessions.find("two", IDLE_S - 1) and sessions.find("two", 2 * IDLE_S) is None


def test_there_are_only_so_many_and_the_longest_unused_gives_way() -> None:
    sessions = Sessions()
    for number in range(EACH_MAX + 1):
        sessions.begin(f"id {number}", "ann", "mark", float(number))
    assert len(sessions) == EACH_MAX and not sessions.find("id 0", 30.0) and sessions.find("id 1", 30.0)
    for number in range(2 * ALL_MAX):
        sessions.begin(f"another {number}", f"user {number}", "mark", 100.0 + number)
    assert len(sessions) == ALL_MAX and sessions.find(f"another {2 * ALL_MAX - 1}", 200.0)


@pytest.mark.parametrize(
    ("users", "stands"),
    [
        (Users([ANN]), True),
        (Users([User("ann", "engineer", ROW)]), True),
        (Users(), False),
        (Users([User("ann", "viewer", keep("another word", Cost(10, 8, 1)))]), False),
    ],
    ids=["as before", "another role", "removed", "another password"],
)
def test_a_user_who_is_gone_or_has_another_password_is_logged_out(users: Users, stands: bool) -> None:
    sessions = Sessions()
    sessions.begin("one", "ann", ANN.mark, 0.0)
    assert sessions.sweep(users, 1.0) == (not stands)
    assert bool(sessions.find("one", 1.0)) is stands is sessions.stands(key_of("one"))


def test_what_must_be_kept_is_counted_and_being_used_only_now_and_then() -> None:
    sessions = Sessions()
    sessions.begin("one", "ann", "mark", 0.0)
    before = sessions.changes
    for tenth in range(int(USED_EVERY_S * 10)):
        sessions.find("one", tenth / 10)
    assert sessions.changes == before
    sessions.find("one", USED_EVERY_S)
    assert sessions.changes == before + 1
    assert sessions.end(key_of("one")) and not sessions.end(key_of("one"))
    assert sessions.changes == before + 2


@given(
    st.lists(st.builds(Session, st.text(), st.text(), st.text(), st.floats(0, 1e10), st.floats(0, 1e10)), max_size=5)
)
def test_sessions_come_back_from_disk_as_they_were(sessions: list[Session]) -> None:
    assert sessions_in(text_of(sessions)) == tuple(sessions)


@given(st.binary(max_size=60))
def test_any_bytes_are_sessions_or_refused(content: bytes) -> None:
    try:
        sessions_in(content)
    except ValueError as error:
        assert "no sessions" in str(error)
