"""Who may do what."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.web.rights import ENGINEER, NAME_MAX, OPERATOR, ROLES, VIEWER, cleaned, least_role, may, named

RIGHTS = {("GET", "/api/incidents"): VIEWER, ("POST", "/api/incidents/{seq}/review"): OPERATOR, ("GET", "/live"): ""}


@pytest.mark.parametrize(
    ("role", "least", "allowed"),
    [
        (VIEWER, VIEWER, True),
        (VIEWER, OPERATOR, False),
        (VIEWER, ENGINEER, False),
        (OPERATOR, VIEWER, True),
        (OPERATOR, ENGINEER, False),
        (ENGINEER, OPERATOR, True),
        ("system", VIEWER, False),
        ("", VIEWER, False),
        ("", "", True),
    ],
)
def test_a_role_may_do_what_those_before_it_may(role: str, least: str, allowed: bool) -> None:
    assert may(role, least) is allowed


@pytest.mark.parametrize(
    ("method", "path", "least"),
    [
        ("GET", "/api/incidents", VIEWER),
        ("HEAD", "/live", ""),
        ("POST", "/api/incidents/{seq}/review", OPERATOR),
        ("POST", "/of/nobody", ENGINEER),
        ("PUT", "/api/incidents", ENGINEER),
        ("GET", "/of/nobody", VIEWER),
    ],
)
def test_what_no_table_knows_may_not_be_changed_by_anybody_but_an_engineer(method: str, path: str, least: str) -> None:
    assert least_role(RIGHTS, method, path) == least


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Ann", "Ann"),
        ("J%C3%B6rg%20M", "Jörg M"),
        (None, "unnamed"),
        ("", "unnamed"),
        ("%00%0A", "unnamed"),
        ("Ann%E2%80%AEnimdA", "AnnnimdA"),
        ("<b>Ann</b>", "<b>Ann</b>"),
        ("a\tb\nc", "a b c"),
        ("%ff%fe", "unnamed"),
    ],
)
def test_a_name_on_record_is_one_line_that_reads_as_it_is_written(header: str | None, name: str) -> None:
    visitor = named(header)
    assert (visitor.name, visitor.role) == (name, ENGINEER)


@given(st.text())
def test_no_name_harms_a_record(name: str) -> None:
    for given_as in (name, quote(name, errors="replace")):
        said = cleaned(given_as)
        assert len(said) <= NAME_MAX and said.isprintable() and said == said.strip()
        assert may(named(given_as).role, ROLES[-1])
