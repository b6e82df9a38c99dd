"""When an alarm begins and ends: not with the first picture that is wrong, nor with the first that is right. Pure."""

from __future__ import annotations

from dataclasses import dataclass

ONSET_S, ONSET_PICTURES = 0.4, 3  # wrong for so long and in so many pictures one after the other: it begins
CLEAR_S, CLEAR_PICTURES = 2.0, 3  # right for so long: it ends


@dataclass
class Onset:
    """One alarm. `standing` between its beginning and its end."""

    standing: bool = False
    turned_s: float = 0.0  # when the first of the pictures came that made it begin or end
    _streak: int = 0  # pictures in a row that speak for a change
    _streak_s: float = 0.0  # when the first of them came

    def step(self, wrong: bool | None, now_s: float) -> bool:
        """Whether the alarm begins or ends with this picture. None: it does not tell; nothing changes."""
        if wrong is None:
            return False
        if wrong is self.standing:
            self._streak = 0
            return False
        if self._streak == 0:
            self._streak_s = now_s
        self._streak += 1
        lasts_s, pictures = (CLEAR_S, CLEAR_PICTURES) if self.standing else (ONSET_S, ONSET_PICTURES)
        if self._streak < pictures or now_s - self._streak_s < lasts_s:
            return False
        self.standing, self.turned_s, self._streak = wrong, self._streak_s, 0
        return True

    def reset(self) -> None:
        """There are no pictures; what comes next begins anew."""
        self.standing, self._streak = False, 0
