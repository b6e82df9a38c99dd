"""The users of a page, the file that they stand in, and the command that writes it."""

from __future__ import annotations

import io
import os
import pty
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.__main__ import main
from stream.settings import DisplaySettings
from stream.web.passwords import Cost, PasswordError, decoy, keep, kept_of, refusal_of
from stream.web.rights import ROLES
from stream.web.users import USER_NAME, User, Users, UsersError, lacks, read_users, text_of, users_in, write_users
from stream.world_page import look_at_page
from tests.line import ROOT, write_line

CHEAP = Cost(log2_n=10, p=1)
ROW = keep("correct horse", CHEAP)
HOSTILE = ("<b>ann</b>", "ann\0", "ann:engineer", "../ann", "", "ann\u202e", "ann\n", "аnn", " ann", "a" * 33, "=ann")


def ann(role: str = "engineer", name: str = "ann") -> User:
    return User(name, role, ROW)


# --- passwords -------------------------------------------------------------------------------------------------------


def test_a_password_is_kept_so_that_it_can_be_compared_and_not_read() -> None:
    again = keep("correct horse", CHEAP)
    assert ROW.right("correct horse") and kept_of(str(ROW)) == ROW
    assert not any(ROW.right(word) for word in ("", "correct hors", "correct horse ", "ünders", "\0"))
    assert str(again) != str(ROW) and "horse" not in str(ROW), "each has a salt of its own"
    assert not decoy(CHEAP).right("correct horse")


def test_what_is_kept_today_is_expensive_to_guess() -> None:
    assert Cost().memory * Cost().p >= 96 * 1024 * 1024


@pytest.mark.parametrize(
    "row",
    [
        "plain text",
        "scrypt$15$8$3$c2FsdA==$",
        "scrypt$40$8$1$c2FsdHNhbHQ=$" + "A" * 44,
        "scrypt$15$8$99$c2FsdHNhbHQ=$" + "A" * 44,
        "scrypt$1$8$1$c2FsdHNhbHQ=$" + "A" * 44,
        "scrypt$10$8$1$====$" + "A" * 44,
        "scrypt$10$8$1$c2FsdHNhbHQ=$AAAA",
        "argon2$15$8$1$c2FsdHNhbHQ=$" + "A" * 44,
    ],
)
def test_a_row_that_is_none_or_would_take_all_memory_is_refused(row: str) -> None:
    with pytest.raises(PasswordError):
        kept_of(row)


@pytest.mark.parametrize("word", ["", "short", "x" * 300, "aaaaaaaaaaaa", "annemarie", "tab\tin it", "nul\0 in it!"])
def test_what_is_guessed_at_once_or_cannot_be_typed_is_no_password(word: str) -> None:
    assert refusal_of(word, "annemarie")
    assert not refusal_of("correct horse", "annemarie")


# --- the file --------------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.from_regex(USER_NAME, fullmatch=True).map(str.lower), st.sampled_from(ROLES), max_size=8))
def test_a_file_names_the_users_that_were_written(roles: dict[str, str]) -> None:
    users = Users(User(name, role, ROW) for name, role in roles.items())
    again = users_in(text_of(users))
    assert {user.name: user.role for user in again} == roles
    assert all(user.kept == ROW for user in again)


@given(st.text(max_size=200))
def test_any_text_is_users_or_refused_in_words(text: str) -> None:
    try:
        users_in(text)
    except UsersError as error:
        assert str(error).isprintable()


@given(st.text(max_size=60))
def test_any_name_is_one_that_cannot_harm_or_refused(name: str) -> None:
    try:
        user = User(name, "viewer", ROW)
    except UsersError as error:
        assert str(error).isprintable()
    else:
        assert user.name.isascii() and user.name.isprintable() and not set(user.name) & set("<>&\"':/\\= ")


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(UsersError, match="not a user's name"):
        User(name, "viewer", ROW)
    assert Users([ann()]).get(name) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"ann:engineer:{ROW}\nANN:viewer:{ROW}\n", "stands in it twice"),
        (f"ann:root:{ROW}\n", "line 1: ann: not a role"),
        ("# users\nann:viewer\n", "line 2: 2 fields"),
        ("ann:viewer:password\n", "line 1: no row of a password"),
        ("".join(f"u{n}:viewer:{ROW}\n" for n in range(501)), "500 is the most"),
    ],
    ids=["twice", "no role", "no password", "an open password", "too many"],
)
def test_a_file_that_is_wrong_says_where(text: str, said: str) -> None:
    with pytest.raises(UsersError, match=said) as caught:
        users_in(text)
    assert str(ROW) not in str(caught.value)


def test_another_password_is_another_mark_and_capitals_tell_nobody_apart() -> None:
    assert ann().mark == ann("viewer").mark != replace(ann(), kept=keep("correct horse", CHEAP)).mark
    users = Users([ann()])
    assert users.get("Ann") == users.get("ann") == ann() and users.get("ben") is None
    assert users.cost == CHEAP


@pytest.mark.parametrize(
    ("users", "lack"),
    [([], "nobody can log in"), ([ann("operator")], "no engineer"), ([ann("viewer"), ann(name="ben")], None)],
)
def test_what_a_page_would_lack_is_said(users: list[User], lack: str | None) -> None:
    said = lacks(Users(users))
    assert said is None if lack is None else lack in str(said)


def test_a_file_is_for_its_owner_alone_and_believed_only_so(tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    write_users(file, Users([ann()]))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_users(file).get("ann") == ann()
    for mode in (0o640, 0o604, 0o602, 0o620):
        file.chmod(mode)
        with pytest.raises(UsersError, match="chmod 600"):
            read_users(file)


def test_a_file_that_root_writes_stays_the_lines_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root that writes is played: not everybody who runs the tests is one."""
    file = tmp_path / "users.txt"
    write_users(file, Users([ann()]))
    owner, given = file.stat(), []
    monkeypatch.setattr(os, "getuid", lambda: owner.st_uid + 1)
    monkeypatch.setattr(os, "chown", lambda *words: given.append(words))
    write_users(file, Users([ann(name="ben")]))
    assert given == [(file, owner.st_uid, owner.st_gid)]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda file: None, "no such file"),
        (lambda file: file.mkdir(), "Is a directory"),
        (lambda file: os.mkfifo(file, 0o600), "not a file"),
        (lambda file: file.write_bytes(b"\xff\xfe"), "not UTF-8"),
        (lambda file: file.write_bytes(b"#" * 300_000), "is it another file"),
        (lambda file: file.write_text("ann\n"), "line 1"),
    ],
    ids=["missing", "folder", "pipe", "bytes", "huge", "no-user"],
)
def test_a_file_that_cannot_be_had_is_said_and_found_by_check(tmp_path: Path, make: object, said: str) -> None:
    file = tmp_path / "users.txt"
    os.umask(0o077)
    make(file)  # type: ignore[operator]
    with pytest.raises(UsersError, match=said):
        read_users(file)
    (finding,) = look_at_page(DisplaySettings(port=0, users_file=file))
    assert (finding.severity, finding.path) == ("error", "display.users_file") and said in finding.text


def test_check_says_that_nobody_or_no_engineer_could_log_in(tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    for users, said in ((Users(), "nobody can log in"), (Users([ann("operator")]), "no engineer")):
        write_users(file, users)
        (finding,) = look_at_page(DisplaySettings(port=0, users_file=file))
        assert (finding.severity, finding.path) == ("warning", "display.users_file") and said in finding.text


# --- the command -----------------------------------------------------------------------------------------------------


def users_command(monkeypatch: pytest.MonkeyPatch, file: Path, *words: str, said: str = "") -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    return main(["users", "--file", str(file), *words])


def test_users_are_added_changed_listed_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "users.txt"
    assert users_command(monkeypatch, file, "add", "ben", said="staple battery\n") == 0
    assert "no engineer in it" in capsys.readouterr().out
    assert users_command(monkeypatch, file, "add", "ann", "--role", "engineer", said="correct horse\n") == 0
    assert read_users(file).get("ann").kept.right("correct horse")  # type: ignore[union-attr]
    old = read_users(file).get("ben")
    assert users_command(monkeypatch, file, "add", "Ben", "--role", "operator") == 0
    now = read_users(file).get("ben")
    assert old and now and (now.name, now.role, now.kept) == ("ben", "operator", old.kept)
    assert users_command(monkeypatch, file, "password", "ben", said="another word\n") == 0
    assert read_users(file).get("ben").kept.right("another word")  # type: ignore[union-attr]
    capsys.readouterr()
    assert users_command(monkeypatch, file, "list") == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["engineer  ann", "operator  ben"]
    assert users_command(monkeypatch, file, "remove", "ben") == 0
    assert read_users(file).get("ben") is None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "<b>"), "not a user's name"),
        (("add", "cleo"), "a password of 0 characters"),
        (("add", "ann"), "ann is there already"),
        (("remove", "cleo"), "no such user"),
        (("password", "cleo"), "no such user"),
        (("list", "ann"), "not known here"),
        (("promote", "ann"), "not known here"),
        (("add",), "not known here"),
    ],
    ids=" ".join,
)
def test_a_command_that_makes_no_sense_changes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    file = tmp_path / "users.txt"
    write_users(file, Users([ann()]))
    before = file.read_bytes()
    assert users_command(monkeypatch, file, *words) == 1
    assert said in capsys.readouterr().err
    assert file.read_bytes() == before


def test_the_lines_own_file_is_found_by_its_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    yaml = write_line(tmp_path, "synthetic:")
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse\n"))
    assert main(["users", str(yaml), "list"]) == 1
    assert "display.users_file is not set" in capsys.readouterr().err
    yaml.write_text(yaml.read_text().replace("port: 0", "port: 0\n  users_file: users.txt"))
    assert main(["users", str(yaml), "add", "ann", "--role", "engineer"]) == 0
    assert read_users(tmp_path / "users.txt").get("ann")


def test_a_terminal_does_not_show_the_password(tmp_path: Path) -> None:
    keyboard, terminal = pty.openpty()
    command = [sys.executable, "-m", "stream", "users", "--file", str(tmp_path / "users.txt"), "add", "ann"]
    asking = subprocess.Popen(
        command, cwd=ROOT, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    )
    os.close(terminal)
    seen = b""
    for asked in (b"password of ann: ", b"once more: "):
        while asked not in seen:
            seen += os.read(keyboard, 1000)
        os.write(keyboard, b"correct horse\n")
    assert asking.wait(60) == 0
    with os.fdopen(keyboard, "rb", buffering=0) as rest:
        try:
            while piece := rest.read(1000):
                seen += piece
        except OSError:
            pass  # the terminal is gone
    assert b"correct" not in seen and b"ann may log in as viewer" in seen
    assert read_users(tmp_path / "users.txt").get("ann")
