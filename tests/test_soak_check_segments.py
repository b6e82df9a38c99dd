"""The soak's checker of continuous recording: what is listed is shown, what is missing is spoken of."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stream.sources.numbered_picture import draw
from tests.recordings import write_recording
from tests.test_soak_check_around import BEGAN_S, RUN, at_s, soaked, with_fault
from tools.soak_check import INVARIANTS
from tools.soak_check_acts import Act
from tools.soak_check_facts import Soak
from tools.soak_check_journal import SETTLING_S, Fault
from tools.soak_check_story import Camera

LOOK = {invariant.name: invariant.look for invariant in INVARIANTS}
FILM = Camera("film", 1, 0.3, True, True, 40, None, fps=10.0)  # copied
LIVE = replace(FILM, name="live", recording=False, every=False, pictures=None)  # encoded: of GOOD ones every other
SEGMENT, SEGMENTS, FRAMES = 10, 4, 40
CLOCK = 90_000


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four segments of each, as their writers leave them."""
    data_dir = tmp_path_factory.mktemp("data")
    for camera in (FILM, LIVE):
        for number in range(1, SEGMENTS + 1):
            first = (number - 1) * SEGMENT
            seqs = [n for n in range(first, first + SEGMENT) if camera is FILM or n % 2 == 0 or camera.is_bad(n)]
            write_segment(data_dir, camera, number, seqs)
    return data_dir


@pytest.fixture
def soak(recorded: Path, tmp_path: Path) -> Soak:
    data_dir = Path(shutil.copytree(recorded, tmp_path / "data"))
    outcomes = {(c.name, n): "BAD" if c.is_bad(n) else "GOOD" for c in (FILM, LIVE) for n in range(FRAMES)}
    return replace(soaked((FILM, LIVE), outcomes, ()), continuous=("film", "live"), data_dir=data_dir)


def write_segment(data_dir: Path, camera: Camera, number: int, seqs: list[int], missing: str = "") -> None:
    folder = data_dir / "segments" / camera.name / str(RUN)
    folder.mkdir(parents=True, exist_ok=True)
    write_recording(folder / f"{number}.mp4", (draw(n, 320, 240, bad=False) for n in seqs), 10)
    head = {"camera": camera.name, "run": RUN, "number": number, "begin": (number - 1) * CLOCK}
    head |= {"copied": camera is FILM, "missing": missing}
    frames = [[seq, at / 10] for at, seq in enumerate(seqs)]
    lines = [head, *frames, {"to": frames[-1][1]}, {"end": ""}]
    (folder / f"{number}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def film(soak: Soak, camera: str, number: int) -> Path:
    assert soak.data_dir is not None
    return soak.data_dir / "segments" / camera / str(RUN) / f"{number}.mp4"


def listed(change: Callable[[list[object]], list[object]], camera: str = "film") -> Callable[[Soak], None]:
    """What changes the lines of the second segment's list."""

    def tamper(soak: Soak) -> None:
        path = film(soak, camera, 2).with_suffix(".jsonl")
        lines = change([json.loads(line) for line in path.read_text().splitlines()])
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    return tamper


def lose_a_film(soak: Soak) -> None:
    film(soak, "film", 2).unlink()


def tear_a_film(soak: Soak) -> None:
    film(soak, "film", 2).write_bytes(film(soak, "film", 2).read_bytes()[:300])


def swap_two_films(soak: Soak) -> None:
    film(soak, "film", 2).write_bytes(film(soak, "film", 3).read_bytes())


def lose_a_segment(soak: Soak) -> None:
    for suffix in (".mp4", ".jsonl"):
        film(soak, "film", 2).with_suffix(suffix).unlink()


def lose_the_first(soak: Soak) -> None:
    for suffix in (".mp4", ".jsonl"):
        film(soak, "film", 1).with_suffix(suffix).unlink()


def lose_the_last(soak: Soak) -> None:
    for suffix in (".mp4", ".jsonl"):
        for number in (2, 3, 4):
            film(soak, "film", number).with_suffix(suffix).unlink()


def lose_all(camera: str) -> Callable[[Soak], None]:
    return lambda soak: shutil.rmtree(film(soak, camera, 1).parents[1])


def keep_the_last(camera: str) -> Callable[[Soak], None]:
    def tamper(soak: Soak) -> None:
        for number in (1, 2, 3):
            for suffix in (".mp4", ".jsonl"):
                film(soak, camera, number).with_suffix(suffix).unlink()

    return tamper


def slow(soak: Soak) -> Soak:
    """The same frames, one each four seconds: its runs are long enough to be owed."""
    cameras = {name: replace(camera, fps=0.25) for name, camera in soak.cameras.items()}
    rows = tuple(replace(row, captured_mono_ns=row.seq * 4_000_000_000) for row in soak.log.rows)
    return replace(soak, cameras=cameras, log=replace(soak.log, rows=rows))


def swept(soak: Soak) -> Soak:
    """Retention has deleted some of it."""
    gone = Act(1, "r", 1, "system", "delete", "segments", "", json.dumps({"count": 1}))
    return replace(soak, log=replace(soak.log, acts=(gone,)))


def leave_out_a_bad_one(soak: Soak) -> None:
    """Of what is encoded: it is in no list, and nothing is said."""
    seqs = [n for n in range(10, 20) if n % 2 == 0 or LIVE.is_bad(n)]
    bad = next(n for n in seqs if LIVE.is_bad(n))
    assert soak.data_dir is not None
    write_segment(soak.data_dir, LIVE, 2, [n for n in seqs if n != bad])


BROKEN: dict[str, tuple[Callable[[Soak], None], str]] = {
    "film-gone": (lose_a_film, "segments"),
    "film-torn": (tear_a_film, "segments"),
    "film-of-others": (swap_two_films, "segments"),
    "listed-and-not-shown": (listed(lambda lines: [*lines[:-2], [20, 1.0], {"to": 1.0}]), "segments"),
    "shown-as-another": (listed(lambda lines: [lines[0], [9, 0.0], *lines[2:]]), "segments"),
    "out-of-order": (listed(lambda lines: [lines[0], [15, 0.0], *lines[2:]]), "segments"),
    "of-no-run": (listed(lambda lines: [*lines[:10], [77, 0.9], *lines[11:]]), "segments"),
    "hole-between-two": (lose_a_segment, "gaps"),
    "hole-in-one": (listed(lambda lines: [*lines[:5], *lines[7:]]), "gaps"),
    "bad-one-left-out": (leave_out_a_bad_one, "gaps"),
}


@pytest.mark.parametrize("name", ["segments", "gaps"])
def test_a_recording_as_its_writers_leave_it_breaks_nothing_and_is_looked_at(soak: Soak, name: str) -> None:
    finding = LOOK[name](soak)
    assert finding.breaks == () and finding.checked > FRAMES


@pytest.mark.parametrize(("tamper", "name"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_wrong_is_found(soak: Soak, tamper: Callable[[Soak], None], name: str) -> None:
    tamper(soak)
    assert LOOK[name](soak).breaks


def test_a_hole_of_which_the_next_list_speaks_is_no_break(soak: Soak) -> None:
    tell = listed(lambda lines: [{**lines[0], "missing": "2 while the disk was slow"}, *lines[3:]])  # type: ignore[dict-item]
    tell(soak)
    assert not LOOK["gaps"](soak).breaks


def test_a_hole_while_its_writer_was_away_is_no_break_and_long_after_it_is_one(soak: Soak) -> None:
    BROKEN["hole-in-one"][0](soak)
    assert not LOOK["gaps"](with_fault("kill", "capture film", at_s(14))(soak)).breaks
    assert LOOK["gaps"](with_fault("kill", "clips", at_s(14))(soak)).breaks, "what is copied its capture writes"
    assert LOOK["gaps"](with_fault("kill", "capture film", BEGAN_S - 60)(soak)).breaks


def test_what_retention_took_is_no_break_but_it_takes_the_oldest(soak: Soak) -> None:
    soak = swept(soak)
    lose_the_first(soak)
    assert not LOOK["gaps"](soak).breaks and not LOOK["segments"](soak).breaks
    film(soak, "film", 2).unlink()  # it was killed between film and list
    assert not LOOK["segments"](soak).breaks
    film(soak, "film", 3).unlink()
    film(soak, "film", 3).with_suffix(".jsonl").unlink()
    write_segment(film(soak, "film", 2).parents[3], FILM, 2, list(range(10, 20)))
    assert LOOK["gaps"](soak).breaks


def test_a_recording_that_stopped_long_before_its_run_is_found(soak: Soak) -> None:
    lose_the_last(soak)
    assert LOOK["gaps"](replace(soak, cameras={**soak.cameras, "film": replace(FILM, fps=1.0)})).breaks
    assert not LOOK["gaps"](soak).breaks, "the last seconds may be in the hand of whoever was killed"


@pytest.mark.parametrize("camera", ["film", "live"])
def test_a_run_of_which_nothing_was_recorded_is_found_also_where_retention_deletes(soak: Soak, camera: str) -> None:
    assert not LOOK["gaps"](slow(soak)).breaks
    lose_all(camera)(soak)
    assert LOOK["gaps"](slow(soak)).breaks and LOOK["gaps"](slow(swept(soak))).breaks
    assert not LOOK["gaps"](soak).breaks, "four seconds are too short a run to be owed"
    assert not LOOK["gaps"](replace(slow(soak), continuous=("film" if camera == "live" else "live",))).breaks


@pytest.mark.parametrize("camera", ["film", "live"])
def test_a_recording_that_began_late_is_found_unless_retention_took_its_beginning(soak: Soak, camera: str) -> None:
    keep_the_last(camera)(soak)
    assert LOOK["gaps"](slow(soak)).breaks
    assert not LOOK["gaps"](slow(swept(soak))).breaks


def test_of_a_copied_one_the_first_two_seconds_may_be_missing_and_no_more(soak: Soak) -> None:
    lose_the_first(soak)
    lose_a_segment(soak)
    assert not LOOK["gaps"](soak).breaks
    for suffix in (".mp4", ".jsonl"):
        film(soak, "film", 3).with_suffix(suffix).unlink()
    assert len(LOOK["gaps"](soak).breaks) == SEGMENT


@pytest.mark.parametrize("camera", ["film", "live"])
@pytest.mark.parametrize(
    ("target", "relaxes", "excused"),
    [
        ("clips", (), ("live",)),
        ("capture film", (), ("film",)),
        ("capture live", (), ("live",)),
        ("inspect 1", (), ("live",)),
        ("", ("evidence",), ("film", "live")),
        ("display", (), ()),
    ],
)
def test_a_run_that_nobody_could_write_is_no_break(
    soak: Soak, camera: str, target: str, relaxes: tuple[str, ...], excused: tuple[str, ...]
) -> None:
    lose_all(camera)(soak)
    long = slow(soak)
    fault = Fault("hang", target, relaxes, -10.0, 4.0 * FRAMES + SETTLING_S)
    hurt = replace(long, journal=replace(long.journal, faults=(fault,)))
    assert bool(LOOK["gaps"](hurt).breaks) == (camera not in excused)


def test_a_challenge_is_not_recorded(soak: Soak) -> None:
    lose_all("film")(soak)
    runs = tuple(replace(run, source="challenge:bad.png") for run in soak.log.runs)
    assert not LOOK["gaps"](replace(slow(soak), log=replace(soak.log, runs=runs))).breaks


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("", "", 7),
        ("", "1 while the disk was slow", 6),
        ("", "3 while the disk was slow, 4 before a key picture", 0),
        ("3 while the disk was slow", "3 while the disk was slow, 2 before a key picture", 2),  # the end said once more
        ("4 while the disk was slow", "", 3),
        ("", "1 the disk refused", 0),  # it takes the fragment in hand with it, of which it counts one
        ("", "while the disk was slow", 7),  # of how many?
    ],
)
def test_words_excuse_as_many_as_they_count(soak: Soak, before: str, after: str, found: int) -> None:
    first = film(soak, "film", 1).with_suffix(".jsonl")
    lines = first.read_text().splitlines()
    first.write_text("".join(line + "\n" for line in [*lines[:-1], json.dumps({"end": before})]))
    listed(lambda lines: [{**lines[0], "missing": after}, lines[1], *lines[9:]])(soak)  # type: ignore[dict-item]
    assert len(LOOK["gaps"](soak).breaks) == found


def test_two_holes_share_what_is_said_between_them(soak: Soak) -> None:
    listed(lambda lines: [{**lines[0], "missing": "2 of them"}, *lines[2:5], *lines[7:]])(soak)  # type: ignore[dict-item]
    assert len(LOOK["gaps"](soak).breaks) == 1


def test_an_encoded_one_leaves_bad_ones_out_with_a_word(soak: Soak) -> None:
    leave_out_a_bad_one(soak)
    assert LOOK["gaps"](soak).breaks
    tell = listed(lambda lines: [{**lines[0], "missing": "1 while the processor was short"}, *lines[1:]], "live")  # type: ignore[dict-item]
    tell(soak)
    assert not LOOK["gaps"](soak).breaks


@pytest.mark.parametrize(
    ("begun", "accused"), [("", False), ('{"camera": "fi', False), ("[7, 0.1]\n", True), (None, True)]
)
def test_a_number_is_missing_only_where_somebody_lived_to_begin_its_list(
    soak: Soak, begun: str | None, accused: bool
) -> None:
    last = film(soak, "film", SEGMENTS)
    for suffix in (".mp4", ".jsonl"):
        last.with_suffix(suffix).rename(film(soak, "film", SEGMENTS + 1).with_suffix(suffix))
    if begun is not None:
        last.with_suffix(".jsonl").write_text(begun)
    assert bool(LOOK["gaps"](soak).breaks) == accused


def test_a_writer_that_was_killed_between_list_and_film_promised_nothing(soak: Soak) -> None:
    listed(lambda lines: [lines[0], {"to": 0.0}, lines[1]])(soak)
    tear_a_film(soak)
    assert not LOOK["segments"](soak).breaks
    listed(lambda lines: [lines[0], lines[2], {"to": 0.0}])(soak)
    assert LOOK["segments"](soak).breaks
