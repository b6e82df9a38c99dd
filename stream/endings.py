"""How a process ended, in words."""

from __future__ import annotations

import signal


def ended(code: int) -> str:
    """An exit code of subprocess in words, for a sentence that begins with who ended."""
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {next((s.name for s in signal.Signals if s == -code), f'signal {-code}')}"
