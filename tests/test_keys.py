"""Keys as files: made, read, withdrawn; and the command for it."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zmq.utils import z85

from stream.curve import new_pair
from stream.keys import KeyFileError, KeyFolder, KeyPair, fingerprint, key_bytes
from tests.line import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_read_as_zeromq_writes_it(key: bytes) -> None:
    assert key_bytes(z85.encode(key).decode()) == key


@given(st.text(max_size=48))
def test_whatever_is_no_key_is_refused_by_name(text: str) -> None:
    try:
        assert len(key_bytes(text)) == 32
    except ValueError as error:
        assert "a key has" in str(error)


def test_a_pair_is_kept_where_nobody_else_can_read_it(folder: KeyFolder) -> None:
    pair = new_pair()
    folder.keep("gpu", pair)
    assert folder.pair("gpu") == pair
    assert folder.allowed() == {key_bytes(pair.public): "gpu"}
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / "gpu.secret").stat().st_mode) == 0o600
    assert pair.secret not in repr(pair)


def test_a_key_is_never_replaced_unasked(folder: KeyFolder) -> None:
    folder.keep("gpu", new_pair())
    with pytest.raises(KeyFileError, match="has a key already; revoke it first"):
        folder.keep("gpu", new_pair())


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(lambda path: path.chmod(0o640), "others can read this secret key, got mode 0640", id="group"),
        pytest.param(lambda path: path.chmod(0o604), "others can read this secret key, got mode 0604", id="world"),
        pytest.param(lambda path: path.unlink(), "no such key file; it must lie on the host gpu alone", id="missing"),
        pytest.param(lambda path: path.write_text("abc\n"), "not a key file: a key has 40 characters", id="no key"),
        pytest.param(lambda path: path.write_bytes(b"\xff" * 9000), "not a key file", id="another file"),
    ],
)
def test_a_secret_that_cannot_be_trusted_is_refused_and_not_shown(folder: KeyFolder, spoil, words: str) -> None:  # type: ignore[no-untyped-def]
    pair = new_pair()
    folder.keep("gpu", pair)
    spoil(folder.path / "gpu.secret")
    with pytest.raises(KeyFileError, match=words) as refused:
        folder.pair("gpu")
    assert pair.secret not in str(refused.value)


def test_a_folder_to_which_others_can_add_keys_is_refused(folder: KeyFolder) -> None:
    folder.keep("gpu", new_pair())
    folder.path.chmod(0o770)
    with pytest.raises(KeyFileError, match="others may add keys to this folder"):
        folder.pair("gpu")


def test_a_folder_to_which_others_can_add_keys_lets_nobody_in_until_it_is_repaired(folder: KeyFolder) -> None:
    folder.keep("gpu", new_pair())
    sound = folder.stamp()
    folder.path.chmod(0o770)
    spoilt = folder.stamp()
    with pytest.raises(KeyFileError, match="others may add keys to this folder"):
        folder.allowed()
    folder.path.chmod(0o700)
    assert list(folder.allowed().values()) == ["gpu"]
    assert len({sound, spoilt, folder.stamp()}) == 3, "so that it is read again"


def test_a_folder_of_another_user_is_refused(folder: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.keep("gpu", new_pair())
    monkeypatch.setattr("stream.keys.ROOT", -1)
    monkeypatch.setattr("stream.keys.os.getuid", lambda: 4711)
    for look in (folder.allowed, lambda: folder.pair("gpu")):
        with pytest.raises(KeyFileError, match=r"belongs to another user \(uid \d+\).* chown it to uid 4711"):
            look()


def test_a_key_file_that_others_may_write_lets_nobody_in(folder: KeyFolder, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("gpu", "page"):
        folder.keep(name, new_pair())
    before = folder.stamp()
    (folder.path / "gpu.public").chmod(0o664)
    assert folder.stamp() != before
    assert list(folder.allowed().values()) == ["page"] and folder.known("gpu") == ""
    assert "gpu.public: others may write this file, got mode 0664" in caplog.text


def test_what_is_revoked_stays_so_where_others_may_write_the_list(
    folder: KeyFolder, caplog: pytest.LogCaptureFixture
) -> None:
    pair = new_pair()
    folder.keep("gpu", pair)
    folder.revoke("gpu")
    (folder.path / "gpu.revoked").chmod(0o666)
    (folder.path / "gpu.public").write_text(pair.public)
    assert folder.allowed() == {} and "gpu.revoked: others may write this file" in caplog.text


@pytest.mark.parametrize("there", [".secret", ".public"])
def test_a_make_that_fails_leaves_nothing_and_takes_nothing(folder: KeyFolder, there: str) -> None:
    folder.path.mkdir()
    (folder.path / f"gpu{there}").write_text("what was there")
    with pytest.raises(KeyFileError, match=f"gpu{there}: gpu has a key already"):
        folder.keep("gpu", new_pair())
    assert [(file.name, file.read_text()) for file in folder.path.iterdir()] == [(f"gpu{there}", "what was there")]


def test_a_disk_that_fails_half_way_leaves_no_half_pair(folder: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def full(path: Path, *words: int) -> int:
        if path.suffix == ".public":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, *words)

    with monkeypatch.context() as patched:
        patched.setattr("stream.keys.os.open", full)
        with pytest.raises(KeyFileError, match="no key can be written"):
            folder.keep("gpu", new_pair())
    assert list(folder.path.iterdir()) == []
    folder.keep("gpu", new_pair())


def test_a_revoked_key_is_out_also_when_its_file_is_copied_back(folder: KeyFolder) -> None:
    pair, before = new_pair(), folder.stamp()
    folder.keep("gpu", pair)
    folder.keep("page", new_pair())
    kept = folder.stamp()
    assert folder.revoke("gpu") == fingerprint(key_bytes(pair.public))
    assert list(folder.allowed().values()) == ["page"] and list(folder.withdrawn().values()) == ["gpu"]
    assert not (folder.path / "gpu.secret").exists()
    (folder.path / "gpu.public").write_text(pair.public)
    (folder.path / "other.public").write_text(pair.public)
    assert list(folder.allowed().values()) == ["page"]
    with pytest.raises(KeyFileError, match="this key is revoked"):
        folder.public("gpu")
    assert len({before, kept, folder.stamp()}) == 3


def test_a_host_may_have_a_new_key_after_its_old_one_was_revoked(folder: KeyFolder) -> None:
    folder.keep("gpu", new_pair())
    folder.revoke("gpu")
    folder.keep("gpu", new_pair())
    assert list(folder.allowed().values()) == ["gpu"]


def test_where_it_cannot_be_known_who_is_revoked_nobody_is_let_in(folder: KeyFolder) -> None:
    folder.keep("gpu", new_pair())
    (folder.path / "page.revoked").mkdir()
    with pytest.raises(KeyFileError, match="so nobody is let in"):
        folder.allowed()


def test_a_file_that_holds_no_key_lets_nobody_in(folder: KeyFolder) -> None:
    folder.path.mkdir()
    (folder.path / "x.public").write_text("0" * 39)
    (folder.path / "y.revoked").write_bytes(b"\xff half a line")
    assert folder.allowed() == {} and folder.withdrawn() == {}
    assert KeyFolder(folder.path / "nowhere").allowed() == {}


def told(*words: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "stream", "keys", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_command_makes_lists_and_revokes_and_shows_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "line.yaml"
    file.write_text(
        f"data_dir: {tmp_path / 'data'}\ncameras: {{belt: {{source: 'synthetic:'}}}}\n"
        "hosts:\n  line: {address: 127.0.0.1}\n  gpu: {address: 127.0.0.2, runs: inspect}\n"
    )
    code, made, _ = told("make", str(file))
    folder = KeyFolder(tmp_path / "data-keys")
    pairs: list[KeyPair] = [folder.pair("line"), folder.pair("gpu")]
    code2, listed, _ = told("list", str(file))
    code3, revoked, _ = told("revoke", str(file), "gpu")
    code4, _, refused = told("revoke", str(file), "gpu")
    assert (code, code2, code3, code4) == (0, 0, 0, 1)
    assert "line" in listed and fingerprint(key_bytes(pairs[1].public)) in listed and "is revoked" in revoked
    assert "no such key file; the keys here are of line" in refused
    assert not any(pair.secret in said for pair in pairs for said in (made, listed, revoked, refused))
