"""A camera maker's library, loaded when a camera needs it. Knows none of them."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from stream.sources.source import SourceError


def load(modules: tuple[str, ...], missing: str) -> tuple[Any, ...]:
    """The modules. Raises SourceError (final) with `missing`, which says what to install, where one is not there.

    These libraries are wrapped by SWIG, whose modules fall (segmentation fault) where Python makes an error of the
    warnings that they give as they are loaded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return tuple(import_module(module) for module in modules)
    except ImportError as error:
        raise SourceError(f"{missing} ({error})", final=True) from None
