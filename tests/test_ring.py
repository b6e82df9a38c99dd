"""A ring of pictures: what a reader sees while a writer writes, dies, or never was one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stream.places import Places
from stream.ring import Ring, RingError, TornError
from stream.ring_layout import MAGIC, PAGE, RUNS, RunEntry, SlotState
from stream.ring_views import RingViews
from tests.recordings import numbered_frame, read_number
from tests.test_line_disk import small_disk

H, W = 240, 320
BYTES = H * W * 3


def put(ring: Ring, slot: int, seq: int, pixels: np.ndarray | None = None) -> int:
    """Writes a numbered picture; gives the slot's sequence number."""
    picture = numbered_frame(seq, (W, H)) if pixels is None else pixels
    ring.write(slot, picture, run=7, seq=seq, captured_mono_ns=11, captured_utc_ns=12, pts_s=seq / 25, problem=None)
    return ring.header(slot).lock


def test_a_reader_sees_the_very_picture_and_what_the_slot_says(places: Places) -> None:
    path = places.ring("belt", 1)
    ring = Ring.create(path, slots=3, slot_bytes=BYTES)
    lock = put(ring, 2, 41)
    view = Ring.view(path)
    assert read_number(view.pixels(2, lock, H, W)) == read_number(view.copy(2, lock, H, W)) == 41
    header = view.header(2)
    assert (header.state, header.run, header.seq, header.pts_s) == (SlotState.READY, 7, 41, 41 / 25)
    assert (header.height, header.width, header.attempt, header.problem) == (H, W, 0, None)
    view.close()
    ring.close()


def test_a_picture_in_a_ring_is_read_only(places: Places) -> None:
    ring = Ring.create(places.ring("belt", 1), slots=1, slot_bytes=BYTES)
    picture = ring.pixels(0, put(ring, 0, 1), H, W)
    with pytest.raises(ValueError, match="read-only"):
        picture[0, 0] = 0
    del picture
    ring.close()


def test_a_slot_without_a_time_or_with_a_long_problem_says_so(places: Places) -> None:
    ring = Ring.create(places.ring("belt", 1), slots=1, slot_bytes=BYTES)
    picture = np.zeros((H, W, 3), np.uint8)
    ring.write(0, picture, run=1, seq=0, captured_mono_ns=1, captured_utc_ns=1, pts_s=None, problem="ü" * 40)
    header = ring.header(0)
    assert header.pts_s is None
    assert header.problem == "ü" * 24
    ring.close()


class Tearing(np.ndarray):
    """A picture whose reader is overtaken by the writer while it copies."""

    ring: Ring

    def copy(self, order: str = "C") -> np.ndarray:  # type: ignore[override]
        taken = np.asarray(self).copy()
        put(self.ring, 0, 99)
        return taken


def test_a_reader_that_is_overtaken_while_it_copies_notices(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Ring.create(places.ring("belt", 1), slots=1, slot_bytes=BYTES)
    lock = put(ring, 0, 1)
    whole = Ring.pixels

    def tearing(self: Ring, slot: int, lock: int, height: int, width: int) -> np.ndarray:
        picture = whole(self, slot, lock, height, width).view(Tearing)
        picture.ring = ring
        return picture

    monkeypatch.setattr(Ring, "pixels", tearing)
    with pytest.raises(TornError, match="another picture"):
        ring.copy(0, lock, H, W)
    ring.close()


def test_while_a_slot_is_written_its_number_is_odd_and_its_state_says_so(places: Places) -> None:
    """A writer that dies in the middle of its pixels: nobody takes the half picture for a whole one."""
    ring = Ring.create(places.ring("belt", 1), slots=1, slot_bytes=BYTES)
    old = put(ring, 0, 1)
    with pytest.raises(ValueError, match="broadcast"):
        put(ring, 0, 2, np.zeros((H, W, 4), np.uint8)[:, : W // 2])
    header = ring.header(0)
    assert header.state is SlotState.WRITING
    assert header.lock % 2 == 1
    with pytest.raises(TornError):
        ring.pixels(0, old, H, W)
    new = put(ring, 0, 3)
    assert new % 2 == 0
    assert new > old
    ring.close()


@pytest.mark.parametrize(
    ("slot", "lock", "height", "width"),
    [(0, 4, H, W), (1, 2, H, W), (-1, 2, H, W), (9, 2, H, W), (0, 2, H, 10 * W)],
    ids=["another-picture", "another-slot", "negative-slot", "no-such-slot", "larger-than-a-slot"],
)
def test_a_picture_that_is_not_there_is_torn(places: Places, slot: int, lock: int, height: int, width: int) -> None:
    ring = Ring.create(places.ring("belt", 1), slots=2, slot_bytes=BYTES)
    assert put(ring, 0, 1) == 2
    with pytest.raises(TornError):
        ring.pixels(slot, lock, height, width)
    ring.close()


def test_a_picture_larger_than_a_slot_is_refused(places: Places) -> None:
    ring = Ring.create(places.ring("belt", 1), slots=1, slot_bytes=BYTES)
    with pytest.raises(RingError, match="into a slot of"):
        put(ring, 0, 1, np.zeros((2 * H, W, 3), np.uint8))
    ring.close()


def test_an_adopted_ring_holds_all_that_was_left(places: Places) -> None:
    path = places.ring("belt", 1)
    ring = Ring.create(path, slots=2, slot_bytes=BYTES)
    lock = put(ring, 1, 5)
    ring.set_state(1, SlotState.LEASED)
    ring.runs.note(RunEntry(9, 3))
    ring.runs.note(RunEntry(7, 6, lost=2, ended=True, session="s"))
    ring.runs.note(RunEntry(9, 4, lost=1))
    ring.close()
    adopted = Ring.adopt(path)
    assert adopted.runs.open() == (RunEntry(7, 6, lost=2, ended=True, session="s"), RunEntry(9, 4, lost=1))
    assert adopted.state(1) is SlotState.LEASED
    assert read_number(adopted.copy(1, lock, H, W)) == 5
    adopted.runs.forget(7)
    assert [entry.run for entry in adopted.runs.open()] == [9]
    adopted.close()


def test_what_is_noted_of_a_run_is_gone_at_no_moment(places: Places) -> None:
    """A capture may be killed between any two bytes: here the second value is one that cannot be written."""
    ring = Ring.create(places.ring("belt", 1), slots=2, slot_bytes=BYTES)
    ring.runs.note(RunEntry(7, 6, lost=2, session="s"))
    with pytest.raises(OverflowError):
        ring.runs.note(RunEntry(7, 7, lost=-1, session="s"))
    assert ring.runs.open() == (RunEntry(7, 7, lost=2, session="s"),)
    ring.close()


def test_a_ring_remembers_a_stated_number_of_runs_and_says_when_it_is_full(places: Places) -> None:
    ring = Ring.create(places.ring("belt", 1), slots=1, slot_bytes=BYTES)
    assert all(ring.runs.note(RunEntry(run, 1)) for run in range(1, RUNS + 1))
    assert not ring.runs.note(RunEntry(99, 1))
    assert ring.runs.note(RunEntry(3, 2))
    ring.runs.forget(5)
    assert ring.runs.note(RunEntry(99, 1))
    ring.close()


def header_of(**fields: int) -> bytes:
    words = {"magic": MAGIC, "slots": 1, "slot_bytes": PAGE} | fields
    return b"".join(words[name].to_bytes(8, "little") for name in ("magic", "slots", "slot_bytes"))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"x" * 100, id="short"),
        pytest.param(b"x" * 3 * PAGE, id="no-magic"),
        pytest.param(header_of(magic=MAGIC + 1).ljust(3 * PAGE, b"\0"), id="another-version"),
        pytest.param(header_of(slots=2).ljust(3 * PAGE, b"\0"), id="shorter-than-it-says"),
        pytest.param(header_of(slots=2**63).ljust(3 * PAGE, b"\0"), id="slots-without-end"),
    ],
)
@pytest.mark.parametrize("opened", [Ring.adopt, Ring.view])
def test_a_file_that_is_no_ring_is_refused(places: Places, content: bytes, opened: type[Ring]) -> None:
    path = places.ring("belt", 1)
    path.write_bytes(content)
    with pytest.raises(RingError, match="not a ring"):
        opened(path)


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        pytest.param("table", "state", 9, id="state"),
        pytest.param("table", "height", 0, id="no-pixels"),
        pytest.param("table", "width", 2**40, id="wider-than-its-slot"),
        pytest.param("table", "seq", 2**60, id="seq"),
        pytest.param("table", "seq", 42, id="two-slots-of-one-frame"),
        pytest.param("table", "captured_mono_ns", 2**63, id="time"),
        pytest.param("runs", "captured", 2**60, id="captured"),
        pytest.param("runs", "session", b"\xff\xfe", id="session"),
    ],
)
def test_a_damaged_ring_is_not_adopted(places: Places, table: str, field: str, value: int | bytes) -> None:
    """A capture that fell over it would fall again at each start."""
    path = places.ring("belt", 1)
    ring = Ring.create(path, slots=2, slot_bytes=BYTES)
    put(ring, 0, 41)
    put(ring, 1, 42)
    ring.runs.note(RunEntry(7, 43))
    Ring.adopt(path).close()
    rows = ring.table if table == "table" else ring.runs.rows
    rows[field][0] = value
    with pytest.raises(RingError, match="damaged"):
        Ring.adopt(path)
    ring.close()


def test_a_ring_that_is_not_there_is_refused(places: Places) -> None:
    with pytest.raises(RingError, match="cannot open"):
        Ring.view(places.ring("belt", 1))


def test_a_full_shared_memory_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with small_disk(tmp_path / "shm", megabytes=1) as folder:
        with pytest.raises(RingError, match="set `slots` lower"):
            Ring.create(folder / "belt.1.ring", slots=8, slot_bytes=BYTES)
        assert list(folder.iterdir()) == []
        ring = Ring.create(folder / "belt.1.ring", slots=2, slot_bytes=BYTES)
        for seq in range(4):
            put(ring, seq % 2, seq, np.full((H, W, 3), 255, np.uint8))
        ring.close()


def test_what_a_ring_needs_is_reserved_before_its_first_picture(places: Places) -> None:
    path = places.ring("belt", 1)
    Ring.create(path, slots=4, slot_bytes=BYTES).close()
    found = path.stat()
    assert found.st_blocks * 512 >= found.st_size >= 4 * BYTES


def test_a_view_outlives_the_close_of_its_ring(places: Places) -> None:
    ring = Ring.create(places.ring("belt", 1), slots=1, slot_bytes=BYTES)
    picture = ring.pixels(0, put(ring, 0, 17), H, W)
    ring.close()
    ring.close()
    assert read_number(picture) == 17


# --- the rings of a folder -------------------------------------------------------------------------------------------


def test_a_ring_that_was_replaced_is_mapped_anew(places: Places) -> None:
    path = places.ring("belt", 1)
    views = RingViews(places.folder)
    for seq in (1, 2):
        ring = Ring.create(path, slots=1, slot_bytes=BYTES)
        lock = put(ring, 0, seq)
        assert read_number(views.ring(path.name).copy(0, lock, H, W)) == seq
        ring.close()
        path.unlink()
    with pytest.raises(TornError, match="gone"):
        views.ring(path.name)
    views.close()


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "no.ring", "folder"])
def test_a_name_that_is_no_ring_of_the_folder_is_torn(places: Places, name: str) -> None:
    (places.folder / "folder").mkdir()
    views = RingViews(places.folder)
    with pytest.raises(TornError):
        views.ring(name)
    views.close()
