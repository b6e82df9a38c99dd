"""What a request got wrong is said with what came and what is meant."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.messages import Review
from stream.web.api.unfit import in_words


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    review: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


def said_of(given: Any, kind: type) -> str:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(given, kind, strict=False)
    return in_words(refused.value, kind, given)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"verdict": "defekt"}, Review, "verdict: got 'defekt'; did you mean defect? give one of defect, false_alarm"),
        ({"verdict": "!"}, Review, "verdict: got '!'; give one of defect, false_alarm"),
        ({}, Review, "verdict: is missing; known: verdict, comment, boxes"),
        ({"reveiw": "none"}, Query, "'reveiw': not known here; did you mean review? known: review, limit"),
        ({"limit": "many"}, Query, "limit: got 'many'; expected `int`"),
        ({"limit": "501"}, Query, "limit: got '501'; expected `int` <= 500"),
        ([1], Review, "expected `object`, got `array`"),
    ],
)
def test_the_word_that_is_wrong_is_named_with_what_may_be_meant(given: Any, kind: type, said: str) -> None:
    assert said_of(given, kind).startswith(said)


@given(
    st.dictionaries(st.text(max_size=12), st.text() | st.integers() | st.lists(st.integers(), max_size=3), max_size=3)
)
def test_whatever_does_not_fit_is_said_in_a_few_printable_words(given: dict[str, Any]) -> None:
    try:
        msgspec.json.decode(json.dumps(given), type=Review)
    except msgspec.ValidationError as error:
        said = in_words(error, Review, given)
        assert said and len(said) < 400
