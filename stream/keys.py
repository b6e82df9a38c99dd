"""The keys of a line's hosts: one CURVE pair a host, in a folder of files that a person can read, copy and withdraw.

    NAME.secret    the host's own half, mode 0600; stays on that host
    NAME.public    what every other host knows it by: in the folder means let in
    NAME.revoked   public keys of that name that are never let in again, one a line

Knows files; no socket, no settings. Secrets are never part of a message.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from stream.durable import append_line

log = logging.getLogger("linewatch")
ROOT = 0  # trusted, as everywhere: a service's files are often its
SECRET, PUBLIC, REVOKED = ".secret", ".public", ".revoked"
KEY_CHARACTERS = 40  # of a 32-byte key in Z85 (ZeroMQ RFC 32)
_FILE_MAX_BYTES = 4096
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


class KeyFileError(OSError):
    """A key cannot be had or must not be used; the text says which and what to do, and carries no secret."""


@dataclass(frozen=True)
class KeyPair:
    """A host's own keys, in Z85."""

    public: str
    secret: str = field(repr=False)


def key_bytes(text: str) -> bytes:
    """The 32 bytes of a key in Z85 (ZeroMQ RFC 32). Raises ValueError where it is none."""
    if len(text) != KEY_CHARACTERS:
        raise ValueError(f"a key has {KEY_CHARACTERS} characters, got {len(text)}")
    found = bytearray()
    for start in range(0, KEY_CHARACTERS, 5):
        value = 0
        for sign in text[start : start + 5]:
            digit = _Z85.find(sign)
            if digit < 0:
                raise ValueError("a key has only characters of Z85")
            value = value * 85 + digit
        if value >= 1 << 32:
            raise ValueError("a key has only groups below 2^32")
        found += value.to_bytes(4, "big")
    return bytes(found)


def fingerprint(key: bytes) -> str:
    """Twelve hex digits by which a person tells a public key (32 bytes) from another."""
    return hashlib.sha256(key).hexdigest()[:12]


@dataclass(frozen=True)
class KeyFolder:
    """One folder of keys."""

    path: Path

    def keep(self, name: str, pair: KeyPair) -> None:
        """Writes a new pair. Raises KeyFileError where the host has one already, or the disk refuses."""
        files = {self._file(name, SECRET): (pair.secret, 0o600), self._file(name, PUBLIC): (pair.public, 0o644)}
        if taken := [file for file in files if file.exists()]:
            raise KeyFileError(
                f"{taken[0]}: {name} has a key already; revoke it first (`python -m stream keys revoke`)"
            )
        made: list[Path] = []
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file, (text, mode) in files.items():
                descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
                made.append(file)
                with os.fdopen(descriptor, "w") as opened:
                    opened.write(text + "\n")
        except OSError as error:
            for file in made:  # half a pair is none, and would stand in the way of the next
                file.unlink(missing_ok=True)
            raise KeyFileError(f"{self.path}: no key can be written ({error.strerror}); change its rights") from error

    def public(self, name: str) -> str:
        """The public key of a host. Raises KeyFileError."""
        file = self._file(name, PUBLIC)
        text = _read(file, f"copy it from the host where `python -m stream keys make` made it, to {self.path}")
        if why := _why_open(file):
            raise KeyFileError(why)
        if key_bytes(text) in self._revoked():
            raise KeyFileError(f"{file}: this key is revoked; make a new one")
        return text

    def known(self, name: str) -> str:
        """The public key of a host; empty where it has none, or a revoked one."""
        try:
            return self.public(name)
        except KeyFileError:
            return ""

    def pair(self, name: str) -> KeyPair:
        """The keys of this host itself. Raises KeyFileError, also where others could read the secret."""
        self._refuse_foreign()
        file = self._file(name, SECRET)
        secret = _read(file, f"it must lie on the host {name} alone; `python -m stream keys make` makes one")
        found = file.stat()
        if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.getuid():
            mode = f"mode {stat.S_IMODE(found.st_mode):04o}, owner {found.st_uid}"
            raise KeyFileError(f"{file}: others can read this secret key, got {mode}; chmod 600 it, or make a new one")
        return KeyPair(self.public(name), secret)

    def allowed(self) -> dict[bytes, str]:
        """Every public key (32 bytes) that is let in, with its host's name. Files that hold no key let nobody in.

        Nor do files that others may write. Raises KeyFileError where it cannot be known which keys are revoked, or
        others may add keys.
        """
        self._refuse_foreign()
        revoked = self._revoked()
        found = {}
        for file in sorted(self.path.glob(f"*{PUBLIC}")):
            try:
                key = key_bytes(_read(file, ""))
            except KeyFileError:
                continue
            if why := _why_open(file):
                log.warning("%s. It lets nobody in", why)
            elif key not in revoked:
                found[key] = file.name.removesuffix(PUBLIC)
        return found

    def withdrawn(self) -> dict[bytes, str]:
        """Every key that was revoked, with its host's name."""
        return self._revoked()

    def revoke(self, name: str) -> str:
        """The host's key is never let in again; returns its fingerprint. Raises KeyFileError where it has none."""
        file = self._file(name, PUBLIC)
        text = _read(file, f"the keys here are of {', '.join(self.allowed().values()) or 'nobody'}")
        try:
            append_line(self._file(name, REVOKED), text.encode())  # first: a key in both is not let in
            self._file(name, REVOKED).chmod(0o644)
            file.unlink()
            self._file(name, SECRET).unlink(missing_ok=True)
        except OSError as error:
            raise KeyFileError(f"{self.path}: cannot be changed ({error.strerror}); change its rights") from error
        return fingerprint(key_bytes(text))

    def stamp(self) -> tuple[tuple[str | int, ...], ...]:
        """Changes whenever who is let in may have changed, also by a chmod or chown; cheap."""
        try:
            with os.scandir(self.path) as entries:
                seen = [(e.name, e.stat()) for e in entries if e.name.endswith((PUBLIC, REVOKED))]
            seen.append((".", self.path.stat()))
        except OSError:
            return ()
        return tuple(sorted((n, f.st_mtime_ns, f.st_size, f.st_ctime_ns, f.st_ino) for n, f in seen))

    def _refuse_foreign(self) -> None:
        """Raises KeyFileError where somebody else may add keys to the folder."""
        if not self.path.is_dir():
            return
        found = self.path.stat()
        if found.st_uid not in (os.getuid(), ROOT):
            text = f"it belongs to another user (uid {found.st_uid}), who may add keys; chown it to uid {os.getuid()}"
            raise KeyFileError(f"{self.path}: {text}")
        if stat.S_IMODE(found.st_mode) & 0o022:
            raise KeyFileError(f"{self.path}: others may add keys to this folder; chmod 700 it")

    def _revoked(self) -> dict[bytes, str]:
        found = {}
        for file in sorted(self.path.glob(f"*{REVOKED}")):
            if why := _why_open(file):
                log.warning("%s. What it revokes stays revoked", why)
            try:
                lines = file.read_text(errors="replace").split()
            except OSError as error:
                raise KeyFileError(f"{file}: cannot be read ({error.strerror}), so nobody is let in") from error
            for line in lines:
                try:
                    found[key_bytes(line)] = file.name.removesuffix(REVOKED)
                except ValueError:
                    continue  # a line that a dying disk left is nobody's key
        return found

    def _file(self, name: str, suffix: str) -> Path:
        return self.path / f"{name}{suffix}"


def _why_open(file: Path) -> str:
    """Why the file cannot be trusted: somebody else may write it. Empty where nobody can, or it is not there."""
    try:
        found = file.stat()
    except OSError:
        return ""  # who reads it says why not
    if not stat.S_IMODE(found.st_mode) & 0o022 and found.st_uid in (os.getuid(), ROOT):
        return ""
    mode = f"mode {stat.S_IMODE(found.st_mode):04o}, owner {found.st_uid}"
    return f"{file}: others may write this file, got {mode}; look at what it holds, then chmod 644 it"


def _read(file: Path, way_out: str) -> str:
    try:
        with file.open("rb") as opened:
            text = opened.read(_FILE_MAX_BYTES).decode("ascii", errors="replace").strip()
    except FileNotFoundError:
        raise KeyFileError(f"{file}: no such key file; {way_out}") from None
    except OSError as error:
        raise KeyFileError(f"{file}: cannot be read ({error.strerror}); change its rights") from None
    try:
        key_bytes(text)
    except ValueError as error:
        raise KeyFileError(f"{file}: not a key file: {error}; {way_out}") from None
    return text
