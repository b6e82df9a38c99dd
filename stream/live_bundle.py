"""The bundle that is live for a data_dir, and a copy of each that ever was.

    data_dir/bundles/NAME@12hex/        a bundle, copied whole and verified
    data_dir/bundles/live.json          names the live one; always replaced as a whole
    data_dir/bundles/promotions.jsonl   who, when, why (promotions.py)

Knows no running line: whoever changes the pointer tells it.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec

from detector.bundle import SETTINGS_FILE, Bundle, HashedFile, open_bundle
from detector.errors import BundleError, OpenError
from stream.durable import make_folder, replace_file, sync_folder, write_file
from stream.promotions import Entry, history, record
from stream.settings import PROMOTED, LineSettings

FOLDER = "bundles"
POINTER = "live.json"

Id = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}@[0-9a-f]{1,64}\Z")]  # names a folder


class LiveBundleError(OpenError):
    """Nothing is live, or it cannot be known what is; the text says what to do."""


class Live(msgspec.Struct, frozen=True):
    """What is live. The entry stands in the pointer too: no bundle is ever live without its who, when and why."""

    bundle: Id
    before: tuple[Id, ...]  # the bundles below it, the last one newest: where roll-backs go
    since: Entry


def bundles_folder(data_dir: Path) -> Path:
    return data_dir / FOLDER


def read_live(data_dir: Path) -> Live | None:
    """What is live; None where nothing has been promoted. Raises LiveBundleError where the pointer is damaged."""
    path = bundles_folder(data_dir) / POINTER
    try:
        return msgspec.json.decode(path.read_bytes(), type=Live)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LiveBundleError(f"{path}: cannot be read ({error.strerror}); change its rights") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LiveBundleError(
            f"{path}: damaged ({error}); remove it and promote the bundle again, `python -m tools.promote --history` "
            "says which it was"
        ) from error


def live_folder(data_dir: Path) -> Path:
    """The folder of the live bundle. Raises LiveBundleError where there is none."""
    live = read_live(data_dir)
    if live is None:
        raise LiveBundleError(
            f"promoted is wanted, and nothing has been promoted for {data_dir}; put a bundle live with "
            "`python -m tools.promote FILE.yaml BUNDLE --golden-set DIR --why TEXT`"
        )
    return bundles_folder(data_dir) / live.bundle


def settled(line: LineSettings) -> LineSettings:
    """The line with the folder of the live bundle where it says `promoted`. Raises LiveBundleError."""
    if line.inspector.bundle != PROMOTED:
        return line
    return replace(line, inspector=replace(line.inspector, bundle=live_folder(line.data_dir)))


def keep(bundle: Bundle, data_dir: Path) -> Path:
    """The bundle's own copy under bundles/, whole and verified: what happens to the original is nothing to a line.

    Raises BundleError where a file was changed meanwhile, OSError where the disk refuses.
    """
    target = bundles_folder(data_dir) / bundle.id
    if _is_whole(target, bundle.id):
        return target
    beside = target.with_name(f".{target.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    make_folder(target.parent)
    beside.mkdir()
    files = {file.path.relative_to(bundle.folder): file.read() for file in _files(bundle)}
    files[Path(SETTINGS_FILE)] = (bundle.folder / SETTINGS_FILE).read_bytes()
    for name, content in files.items():
        (beside / name).parent.mkdir(parents=True, exist_ok=True)
        write_file(beside / name, content)
    for folder in {(beside / name).parent for name in files}:
        sync_folder(folder)
    if open_bundle(beside).id != bundle.id:
        raise BundleError(f"{bundle.folder}: was changed while it was copied; promote it again")
    if target.exists():
        shutil.rmtree(target)  # damaged: a whole one takes its place
    beside.rename(target)
    sync_folder(target.parent)
    return target


def put_live(data_dir: Path, live: Live) -> None:
    """From now on this one is live. The pointer first, then the record: whichever dies, `heal` finds it out.

    Raises OSError where the disk refuses; then nothing has changed, or `heal` completes it.
    """
    heal(data_dir)
    replace_file(bundles_folder(data_dir) / POINTER, _text(live))
    record(bundles_folder(data_dir), live.since)


def put_back(data_dir: Path, live: Live | None, entry: Entry) -> None:
    """What was live before is so again, and the entry says why. Raises OSError."""
    pointer = bundles_folder(data_dir) / POINTER
    if live is None:
        pointer.unlink(missing_ok=True)
        sync_folder(pointer.parent)
    else:
        replace_file(pointer, _text(live))
    record(pointer.parent, entry)


def heal(data_dir: Path) -> None:
    """Enters into the record what stands in the pointer alone: its writer died between the two."""
    folder = bundles_folder(data_dir)
    make_folder(folder)
    live = read_live(data_dir)
    if live is not None and live.since not in history(folder):
        record(folder, live.since)


def below(live: Live, entry: Entry) -> Live:
    """What a roll-back leads to: the bundle before, and nothing above it. Pure. Raises IndexError where none is."""
    return Live(live.before[-1], live.before[:-1], entry)


def _files(bundle: Bundle) -> list[HashedFile]:
    return [bundle.classifier_file, bundle.segmenter_file, *(sample.file for sample in bundle.golden)]


def _text(live: Live) -> bytes:
    return msgspec.json.format(msgspec.json.encode(live), indent=1) + b"\n"


def _is_whole(folder: Path, bundle_id: str) -> bool:
    try:
        return open_bundle(folder).id == bundle_id
    except BundleError:
        return False
