"""The table of what each setting may be covers every setting that needs it."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from stream.conflicts import is_loopback
from stream.limits import LIMITS
from stream.settings import LineSettings


def test_every_number_has_a_limit_and_every_limit_a_setting() -> None:
    for cls, limits in LIMITS.items():
        kinds = typing.get_type_hints(cls)
        assert set(limits) <= set(kinds)
        numbers = {name for name, kind in kinds.items() if {int, float} & {kind, *typing.get_args(kind)}}
        assert numbers <= set(limits), f"limits.py says nothing of these numbers of {cls.__name__}"


@pytest.mark.parametrize("cls", [cls for cls in LIMITS if cls is not LineSettings])
def test_every_default_is_allowed(cls: type) -> None:
    for setting in dataclasses.fields(cls):
        if setting.name in LIMITS[cls] and setting.default not in (None, dataclasses.MISSING):
            assert LIMITS[cls][setting.name](setting.default) is None


HOSTS = [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True)]
HOSTS += [("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("cam.local", False), ("localhost.evil", False)]


@pytest.mark.parametrize(("host", "loopback"), HOSTS, ids=[host for host, _ in HOSTS])
def test_only_loopback_hosts_need_no_token(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
