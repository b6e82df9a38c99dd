"""What the settings of challenges and shifts may be. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from stream.settings import ChallengeSettings
from stream.shifts import times_of


def shift_times(words: str) -> str | None:
    """What is wrong with the times at which shifts begin."""
    try:
        times_of(words)
    except ValueError as error:
        return f'needs the times at which shifts begin, with spaces between: "06:00 14:00 22:00"; {error}'
    return None


def challenge_conflicts(path: str, challenge: ChallengeSettings) -> Iterator[tuple[str, str]]:
    """Settings that are each allowed and do not go together: path of one, what to do."""
    if challenge.each_shift and challenge.every_h is not None:
        yield f"{path}.every_h", f"stands beside each_shift, got {challenge.every_h:g}; delete one of the two"
