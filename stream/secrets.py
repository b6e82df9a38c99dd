"""Passwords: hidden wherever an address is shown, put in where a camera is opened. Knows no YAML and no network."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from urllib.parse import quote, unquote

from stream.settings import CameraSettings, LineSettings

HIDDEN = "***"
SECRET_MAX_BYTES = 4096
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Cameras want secrets as ?pwd=, &loginpas=, /user=admin_password=…, ?access_token=, …
_SECRET_WORDS = ("pas", "pwd", "psw", "pw", "token", "secret", "key", "auth", "cred", "sig")
_AUTHORITY = re.compile(r"[^/?#]*")  # RFC 3986, 3.2
_NEXT_PAIR = re.compile(r"&[^&=]+=")  # any other sign may belong to a password that was not escaped
ADDRESS_MAX = 2048  # characters; nothing longer is an address, and hiding takes quadratic time
SAFER_PASSWORD = (
    "the address carries a password; safer: name the user as `username` and a file that only you can read (chmod 600), "
    "with the password in its first line, as `password_file`"
)


class SecretError(Exception):
    """A password cannot be had; the text says why and what to do, and carries no password."""


def is_address(source: str) -> bool:
    """Whether the source is written as `scheme://…`."""
    return _SCHEME.match(source) is not None


def redact(text: str) -> str:
    """An address, or a sentence with one in it, as it may be shown: passwords before `@` and in `key=value` as `***`.

    Where an address is ambiguous it hides too much, never too little: passwords with unescaped `@`, `/`, `?` and `#`
    are not valid (RFC 3986, 3.2.1) and are typed all the same.
    """
    if len(text) > ADDRESS_MAX:
        return f"{HIDDEN} ({len(text)} characters)"
    scheme = _SCHEME.match(text)
    start = scheme.end() if scheme else 0
    colon, at = text.find(":", start), text.rfind("@")
    if -1 < colon < at - 1:
        text = f"{text[:colon]}:{HIDDEN}{text[at:]}"
    shown, rest = "", text
    while "=" in rest:
        before, _, rest = rest.partition("=")
        shown += before + "="
        if names_a_secret(re.split(r"[?&;#/]", before)[-1]):
            after = _NEXT_PAIR.search(rest)
            end = after.start() if after else len(rest)
            shown += HIDDEN if end else ""
            rest = rest[end:]
    return shown + rest


def names_a_secret(key: str) -> bool:
    """Whether the value of a setting or of an address's `key=value` of that name must not be shown."""
    plain = unquote(key).lower()
    return any(word in plain for word in _SECRET_WORDS)


def has_password(source: str) -> bool:
    """Whether the address itself carries a password."""
    return is_address(source) and redact(source) != source


def read_secret(path: Path) -> str:
    """The first line of the file. Raises SecretError when there is none to be had."""
    try:
        with path.open("rb") as file:
            first = file.readline(SECRET_MAX_BYTES + 1)
    except FileNotFoundError:
        raise SecretError(f"no such file, got {path}; write the secret into its first line") from None
    except OSError as error:
        raise SecretError(f"cannot be read ({error.strerror}), got {path}; make it a file that you can read") from None
    if len(first) > SECRET_MAX_BYTES:
        raise SecretError(f"first line longer than {SECRET_MAX_BYTES} bytes, got {path}; is it another file?")
    try:
        secret = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise SecretError(f"not UTF-8 text, got {path}; save it as UTF-8") from None
    if not secret:
        raise SecretError(f"first line is empty, got {path}; write the secret into it")
    return secret


def readable_by_others(path: Path) -> str | None:
    """A warning in plain words when anybody on this computer can read the file, else None."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if mode & stat.S_IROTH:
        return f"everybody on this computer can read {path}; close it with: chmod 600 {path}"
    return None


def with_credentials(camera: CameraSettings) -> str:
    """The source to open: an address gets `username` and the password of `password_file`, percent-encoded.

    Never to be logged or shown. Raises SecretError when the password file gives none.
    """
    if not is_address(camera.source) or (camera.username is None and camera.password_file is None):
        return camera.source
    scheme, userinfo, host, rest = _parts(camera.source)
    user, _, password = userinfo.partition(":")
    if camera.username is not None:
        user = quote(camera.username, safe="")
    if camera.password_file is not None:
        password = quote(_password(camera.password_file), safe="")
    credentials = f"{user}:{password}" if password else user
    return f"{scheme}://{credentials}@{host}{rest}"


def _password(path: Path) -> str:
    try:
        return read_secret(path)
    except SecretError as error:
        raise SecretError(f"password_file: {error}") from None


def user_of(source: str) -> str | None:
    """The user name that the address itself carries."""
    userinfo = _parts(source)[1] if is_address(source) else ""
    return unquote(userinfo.partition(":")[0]) or None


def host_of(source: str) -> str:
    """Host and port of the address; empty where it has none."""
    return _parts(source)[2]


def _parts(source: str) -> tuple[str, str, str, str]:
    """Scheme, user info, host with port, rest; urlsplit is not used because its errors quote the password."""
    scheme, _, after = source.partition("://")
    authority = _AUTHORITY.match(after)
    end = authority.end() if authority else 0
    userinfo, _, host = after[:end].rpartition("@")
    return scheme, userinfo, host, after[end:]


def hints(line: LineSettings) -> tuple[str, ...]:
    """What works but could be safer, in plain words."""
    files = {f"cameras.{camera.name}.password_file": camera.password_file for camera in line.cameras}
    files |= {f"cameras.{c.name}.parts.mqtt.password_file": c.parts.mqtt.password_file for c in line.cameras}
    files["display.token_file"] = line.display.token_file
    return (
        *(f"cameras.{camera.name}.source: {SAFER_PASSWORD}" for camera in line.cameras if has_password(camera.source)),
        *(f"{path}: {said}" for path, file in files.items() if file and (said := readable_by_others(file))),
    )
