"""Passwords and tokens, before a line starts: whether they can be read, by whom, and whether a user goes with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from stream.problem import ERROR, WARNING, Finding
from stream.secrets import SAFER_PASSWORD, SecretError, has_password, is_address, read_secret, readable_by_others
from stream.settings import CameraSettings
from stream.web.guard import GuardError


def look_at_password(camera: CameraSettings) -> Iterator[Finding]:
    """Whether the password can be read, by whom, and that it does not stand in the address."""
    if has_password(camera.source):
        yield Finding(WARNING, f"cameras.{camera.name}.source", SAFER_PASSWORD)
    if is_address(camera.source) and camera.password_file is not None:
        yield from secret_file(f"cameras.{camera.name}.password_file", camera.password_file, read_secret)
    broker = camera.parts.mqtt
    if camera.parts.told_by == "mqtt" and broker.password_file is not None:
        yield from secret_file(f"cameras.{camera.name}.parts.mqtt.password_file", broker.password_file, read_secret)


def look_at_login(camera: CameraSettings) -> Iterator[Finding]:
    """A user without a password, or the other way round, is seldom meant. Either may stand in the address."""
    broker = camera.parts.mqtt
    if camera.parts.told_by == "mqtt" and broker.username is not None and broker.password_file is None:
        text = "is missing beside the user: the broker may refuse; set it, or delete username where it asks for none"
        yield Finding(WARNING, f"cameras.{camera.name}.parts.mqtt.password_file", text)
    if not is_address(camera.source) or has_password(camera.source):
        return
    user = camera.username is not None or urlsplit(camera.source).username is not None
    if user == (camera.password_file is not None):
        return
    missing = "password_file" if user else "username"
    text = f"is missing beside {'the user' if user else 'password_file'}: the camera may refuse; set both or none"
    yield Finding(WARNING, f"cameras.{camera.name}.{missing}", text)


def secret_file(path: str, file: Path, read: Callable[[Path], str]) -> Iterator[Finding]:
    """Whether the file that the setting of that path names can be read, and by nobody else."""
    try:
        read(file)
    except (SecretError, GuardError) as error:
        yield Finding(ERROR, path, str(error).removeprefix(f"{path}: "))
    if (warning := readable_by_others(file)) is not None:
        yield Finding(WARNING, path, warning)
