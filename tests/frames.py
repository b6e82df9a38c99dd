"""Frames, verdicts and reports in the form that travels, for tests: say what matters, the rest is made up."""

from __future__ import annotations

from stream.messages import DefectRecord, FrameRef, Judged, Outcome, PackedMask, Report, VerdictRecord

RUN = 1_760_000_000_000_000
MS = 1_000_000
SCRATCH = DefectRecord("scratch", 0.91, (10, 20, 30, 40), 60, 28.3, 2.1)


def frame(seq: int, *, camera: str = "belt", run: int = RUN, ring: str = "belt.1.ring", attempt: int = 1) -> FrameRef:
    utc_ns = run * 1000 + seq * 40 * MS
    return FrameRef(camera, run, seq, 1 + seq * 40 * MS, utc_ns, seq / 25, "h", "b", ring, 0, 2, 240, 320, attempt)


def verdict(state: str, score: float | None = None, *, mask: PackedMask | None = None) -> VerdictRecord:
    default = {"GOOD": 0.04, "BAD": 0.97}.get(state)
    return VerdictRecord(
        state=state,
        score=default if score is None else score,
        reason="blinded" if state == "UNKNOWN" else None,
        defects=(SCRATCH,) if state == "BAD" else (),
        mask=mask,
        mask_sha256="ab" * 32 if state == "BAD" else "",
        bundle_id="codes-1",
        settings_id="a1b2c3d4e5f6",
        stages_ms=(1.0, 4.2, 12.5 if state == "BAD" else 0.0, 0.4),
    )


def judged(
    seq: int, state: str = "GOOD", score: float | None = None, *, by: str = "inspect 1", run: int = RUN
) -> Judged:
    of = frame(seq, run=run)
    return Judged(by, of, verdict(state, score), of.captured_mono_ns + 20 * MS)


def report(
    captured: int, *outcomes: Outcome, serial: int = 1, ended: bool = False, run: int = RUN, session: str = "s"
) -> Report:
    return Report("belt", run, serial, session, "belt.mp4", False, captured, 0, 0, outcomes, (), ended, "")
