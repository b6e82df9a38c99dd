"""Users of a page for tests: with passwords that cost little to compare, and requests of those who log in."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from stream.web.passwords import Cost, keep
from stream.web.users import User, Users, write_users
from tests.page_requests import ask

CHEAP = Cost(log2_n=10, p=1)
ROLES = {"vera": "viewer", "olaf": "operator", "enno": "engineer"}


def password_of(name: str) -> str:
    return f"the word of {name}"


def write_some(file: Path, roles: dict[str, str] = ROLES) -> Users:
    """A file with these users."""
    users = Users(User(name, role, keep(password_of(name), CHEAP)) for name, role in roles.items())
    write_users(file, users)
    return users


def log_in(address: str, name: str, password: str | None = None, **headers: str) -> tuple[int, dict[str, Any], Any]:
    """Status, answer and headers of one login."""
    body = json.dumps({"name": name, "password": password if password is not None else password_of(name)}).encode()
    said = {"Content_Type": "application/json", **headers}
    status, answer, told = ask(address, "/api/login", "POST", body, **said)
    return status, json.loads(answer), told


def cookie_of(address: str, name: str) -> str:
    """The cookie of a session that begins."""
    status, answer, told = log_in(address, name)
    assert status == 200, answer
    return str(told["Set-Cookie"]).partition(";")[0]


def post(address: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and answer of a call with a JSON body."""
    content = json.dumps({} if body is None else body).encode()
    status, answer, _ = ask(address, path, "POST", content, Content_Type="application/json", **headers)
    return status, json.loads(answer)


def basic(name: str, password: str | None = None) -> str:
    word = f"{name}:{password if password is not None else password_of(name)}"
    return f"Basic {base64.b64encode(word.encode()).decode()}"
