"""What can go wrong with what a soak keeps: log, evidence, recording; each done on purpose, and how it is found."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from stream.sources.numbered_picture import draw
from tools.films import encode

FRAMES = 90  # of the line's one recording
RUN_COLUMNS = "session, source, live, captured, lost, expired, ended, note, digest, latencies"
VERDICT_COLUMNS = (
    "seq, state, score, reason, defects, mask_sha256, bundle, settings, captured_utc_ns, captured_mono_ns,"
    " judged_mono_ns, pts_s, host, boot_id, inspector, attempt"
)


def sql(folder: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "data" / "log.sqlite")) as db:
        db.executescript(";".join(statements) + ";")


def bad_seqs(folder: Path) -> list[int]:
    with contextlib.closing(sqlite3.connect(folder / "data" / "log.sqlite")) as db:
        return [row[0] for row in db.execute("SELECT seq FROM verdicts WHERE state='BAD' ORDER BY seq")]


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "data" / "evidence").glob("*/*/*"))


def described(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    path = folder / "evidence.json"
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))


def rehash(folder: Path) -> None:
    """Hashes that fit what lies there: whoever tampers may know about them."""
    hashes = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir() if p.name != "evidence.json"}
    described(folder, lambda said: said.update(files_sha256=hashes))


def drop_a_row(folder: Path) -> None:
    sql(folder, f"DELETE FROM verdicts WHERE seq={bad_seqs(folder)[0]}")


def drop_a_row_and_its_account(folder: Path) -> None:
    seq = bad_seqs(folder)[0]
    sql(folder, f"DELETE FROM verdicts WHERE seq={seq}", f"DELETE FROM ledger WHERE start<={seq} AND stop>{seq}")


def duplicate_a_row(folder: Path) -> None:
    """The schema forbids it: so a log whose schema does not."""
    sql(
        folder,
        "CREATE TABLE copy AS SELECT * FROM verdicts",
        "INSERT INTO copy SELECT * FROM verdicts LIMIT 1",
        "DROP TABLE verdicts",
        "ALTER TABLE copy RENAME TO verdicts",
    )


def count_an_interval_twice(folder: Path) -> None:
    sql(folder, "UPDATE ledger SET stop=stop+1 WHERE start=0")


def shift_an_interval(folder: Path) -> None:
    sql(folder, "UPDATE ledger SET start=start+1 WHERE start=(SELECT max(start) FROM ledger)")


def forget_the_last_frames(folder: Path) -> None:
    sql(folder, "UPDATE runs SET captured=captured+3")


def turn_a_bad_good(folder: Path) -> None:
    seq = bad_seqs(folder)[0]
    sql(folder, f"DELETE FROM verdicts WHERE seq={seq}")
    sql(folder, f"UPDATE ledger SET outcome='GOOD' WHERE start<={seq} AND stop>{seq}")


def turn_a_good_bad(folder: Path) -> None:
    sql(folder, "UPDATE ledger SET outcome='BAD' WHERE outcome='GOOD' AND start=(SELECT max(start) FROM ledger)")


def drop_a_defect_by_a_name_that_does_not_fit(folder: Path) -> None:
    seq = bad_seqs(folder)[0]
    sql(folder, f"DELETE FROM verdicts WHERE seq={seq}")
    sql(folder, f"UPDATE ledger SET outcome='dropped:newest' WHERE start<={seq} AND stop>{seq}")


def unknown_without_a_reason(folder: Path) -> None:
    seq = bad_seqs(folder)[0]
    sql(folder, f"UPDATE verdicts SET state='UNKNOWN', score=NULL, reason=NULL WHERE seq={seq}")
    sql(folder, f"UPDATE ledger SET outcome='UNKNOWN' WHERE start<={seq} AND stop>{seq}")


def swap_two_pictures(folder: Path) -> None:
    a, b, *_ = kept(folder)
    picture = (a / "frame.png").read_bytes()
    (a / "frame.png").write_bytes((b / "frame.png").read_bytes())
    (b / "frame.png").write_bytes(picture)


def swap_two_pictures_and_their_hashes(folder: Path) -> None:
    swap_two_pictures(folder)
    for path in kept(folder)[:2]:
        rehash(path)


def swap_two_folders(folder: Path) -> None:
    """All of it, and the descriptions made to fit: the burnt-in number alone tells."""
    a, b, *_ = kept(folder)
    aside = a.with_name("aside")
    a.rename(aside)
    b.rename(a)
    aside.rename(b)
    for path in (a, b):
        described(path, lambda said, path=path: said.update(seq=int(path.name)))


def cut_a_picture_short(folder: Path) -> None:
    path = kept(folder)[0] / "frame.png"
    path.write_bytes(path.read_bytes()[:-100])


def cut_a_picture_short_and_hash_it(folder: Path) -> None:
    cut_a_picture_short(folder)
    rehash(kept(folder)[0])


def lose_a_mask(folder: Path) -> None:
    (kept(folder)[0] / "mask.png").unlink()


def lose_a_folder(folder: Path) -> None:
    shutil.rmtree(kept(folder)[0])


def lose_a_folder_and_its_pointer(folder: Path) -> None:
    sql(folder, f"UPDATE verdicts SET evidence=NULL WHERE seq={int(kept(folder)[0].name)}")
    shutil.rmtree(kept(folder)[0])


def leave_a_folder(folder: Path) -> None:
    shutil.copytree(kept(folder)[0], kept(folder)[0].with_name("00000099"))


def leave_half_a_folder(folder: Path) -> None:
    kept(folder)[0].with_name(".partial-00000099").mkdir()


def leave_a_run_open(folder: Path) -> None:
    sql(folder, "UPDATE runs SET ended=0")


def end_a_run_without_a_reason(folder: Path) -> None:
    sql(folder, "UPDATE runs SET note=''")


def cut_a_recording_short(folder: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text())
    truth["cameras"][0]["pictures"] += 1
    (folder / "truth.json").write_text(json.dumps(truth))


def judge_too_late(folder: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text())
    truth["cameras"][0]["deadline_ms"] = 1000.0
    (folder / "truth.json").write_text(json.dumps(truth))
    sql(folder, f"UPDATE verdicts SET judged_mono_ns=captured_mono_ns+3000000000 WHERE seq={bad_seqs(folder)[0]}")


def judge_with_another_bundle(folder: Path) -> None:
    sql(folder, f"UPDATE verdicts SET bundle='other@1' WHERE seq={bad_seqs(folder)[0]}")


def forge_a_digest(folder: Path) -> None:
    """A second run of the same recording, whole, with the same verdicts and another digest."""
    for table, columns in (("ledger", "start, stop, outcome"), ("runs", RUN_COLUMNS), ("verdicts", VERDICT_COLUMNS)):
        sql(folder, f"INSERT INTO {table} (camera, run, {columns}) SELECT camera, run + 1, {columns} FROM {table}")
    sql(folder, "UPDATE runs SET digest=replace(digest, '0', '1') WHERE run=(SELECT max(run) FROM runs)")


def promise_clips_that_nobody_made(folder: Path) -> None:
    """The role says that it has made all of them: else what lies so near the end might be left to the next start."""
    truth = json.loads((folder / "truth.json").read_text())
    truth["filmed"] = [camera["name"] for camera in truth["cameras"]]
    (folder / "truth.json").write_text(json.dumps(truth))
    with contextlib.closing(sqlite3.connect(folder / "data" / "log.sqlite")) as db:
        runs = db.execute("SELECT DISTINCT camera, run FROM incidents").fetchall()
    for camera, run in runs:
        recording = folder / "data" / "segments" / camera / str(run)
        recording.mkdir(parents=True, exist_ok=True)
        (recording / "over").touch()


def film_another_frame(folder: Path) -> None:
    """Each incident has a clip; they say one frame too many of each picture."""
    promise_clips_that_nobody_made(folder)
    with contextlib.closing(sqlite3.connect(folder / "data" / "log.sqlite")) as db:
        found = db.execute("SELECT camera, run, first_seq, last_seq FROM incidents").fetchall()
    for camera, run, first, last in found:
        path = folder / "data" / "clips" / camera / str(run) / f"{first}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        encode((draw(seq, 320, 240, bad=False) for seq in range(first, last + 2)), path, fps=25, crf=18)
        frames = [[seq + 1, (seq - first) / 25] for seq in range(first, last + 1)]
        said = {"camera": camera, "run": run, "first_seq": first, "last_seq": last, "frames": frames, "copied": False}
        path.with_suffix(".json").write_text(json.dumps(said))


def leak_a_process(folder: Path) -> None:
    leaks = json.loads((folder / "leaks.json").read_text())
    leaks["processes"] = [{"pid": 4711, "command": "linewatch record"}]
    (folder / "leaks.json").write_text(json.dumps(leaks))


TAMPERED = {
    drop_a_row: {"rows"},
    drop_a_row_and_its_account: {"accounted", "defects"},
    duplicate_a_row: {"duplicates"},
    count_an_interval_twice: {"accounted"},
    shift_an_interval: {"accounted"},
    forget_the_last_frames: {"accounted"},
    turn_a_bad_good: {"defects", "verdicts"},
    turn_a_good_bad: {"rows", "verdicts"},
    drop_a_defect_by_a_name_that_does_not_fit: {"defects"},
    unknown_without_a_reason: {"rows", "defects"},
    swap_two_pictures: {"evidence whole", "evidence true"},
    swap_two_pictures_and_their_hashes: {"evidence true"},
    swap_two_folders: {"evidence true"},
    cut_a_picture_short: {"evidence whole"},
    cut_a_picture_short_and_hash_it: {"evidence whole"},
    lose_a_mask: {"evidence whole"},
    lose_a_folder: {"evidence whole"},
    lose_a_folder_and_its_pointer: {"worst kept"},
    leave_a_folder: {"orphans"},
    leave_half_a_folder: {"orphans"},
    leave_a_run_open: {"runs closed"},
    end_a_run_without_a_reason: {"runs closed"},
    cut_a_recording_short: {"recordings"},
    judge_too_late: {"ages"},
    judge_with_another_bundle: {"judges"},
    forge_a_digest: {"digests"},
    promise_clips_that_nobody_made: {"clips"},
    film_another_frame: {"clips"},
    leak_a_process: {"nothing left"},
}
