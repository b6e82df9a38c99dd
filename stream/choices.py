"""The engines that `python -m tools.bench tune` chose: one file in data_dir, always replaced as a whole.

    data_dir/engines.json       the choice for each bundle on each computer, newest last

Knows not how they are measured, nor when one is in force (chosen.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from stream.durable import alone_in, make_folder, replace_file
from stream.this_host import Host

FILE = "engines.json"
MOST_KEPT = 64  # the oldest gives way
MAX_BYTES = 1 << 20
WRITING_S = 10.0  # another `tune` may take so long to write the file


class Choice(msgspec.Struct, frozen=True):
    """What judges fastest with one bundle on one computer."""

    bundle: str  # id
    host: Host
    engine: Literal["onnxruntime", "openvino"]
    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    threads: Annotated[int, msgspec.Meta(ge=1, le=256)]
    good_ms: float  # milliseconds a GOOD picture, through the whole cascade
    bad_ms: float
    bad_share: float  # 0..1: how much BAD pictures counted
    utc: str  # when; ISO 8601

    def __str__(self) -> str:
        precision = "" if self.precision == "fp32" else f" {self.precision}"
        threads = f"{self.threads} thread{'' if self.threads == 1 else 's'}"
        return f"{self.engine} {self.device}{precision}, {threads}"


class Choices(msgspec.Struct, frozen=True):
    """The file."""

    choices: tuple[Choice, ...] = ()


class ChoicesError(Exception):
    """The file cannot be used; the text says what to do."""


def read_choices(data_dir: Path) -> tuple[Choice, ...]:
    """All of them, none where nothing was tuned. Raises ChoicesError where the file is damaged or cannot be read."""
    path = data_dir / FILE
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise msgspec.DecodeError(f"larger than {MAX_BYTES} bytes")
        return msgspec.json.decode(raw, type=Choices).choices
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise ChoicesError(f"{path}: cannot be read ({error.strerror}); change its rights") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ChoicesError(
            f"{path}: damaged ({error}); remove it, and measure again with `python -m tools.bench tune FILE.yaml`"
        ) from error


def keep_choice(data_dir: Path, choice: Choice) -> Path:
    """The file holds this choice, on disk when this returns, in place of an older one for the same bundle and host.

    Raises ChoicesError where it is damaged, OSError where the disk refuses or another writer stays.
    """
    make_folder(data_dir)
    path = data_dir / FILE
    with alone_in(data_dir, WRITING_S):  # of two that read, then write, the later would undo the choice of the other
        others = [one for one in read_choices(data_dir) if (one.bundle, one.host) != (choice.bundle, choice.host)]
        kept = Choices((*others[-(MOST_KEPT - 1) :], choice))
        replace_file(path, msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    return path
