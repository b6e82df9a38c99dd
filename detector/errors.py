"""What can go wrong before the first picture, and with one picture. Knows nothing else."""

from __future__ import annotations


class OpenError(Exception):
    """A detector that cannot be opened; the message says which file, what was got and what to do."""


class BundleError(OpenError):
    """A bundle that is not whole or not to be trusted."""


class EngineError(OpenError):
    """A network that an engine cannot open on the device that is wanted."""


class GoldenError(OpenError):
    """A golden sample that comes out wrong on the device that would judge."""


class PictureError(ValueError):
    """A picture that cannot be judged; the message is the reason, fit for a verdict."""
