"""The cameras: whether they open, what they send, how fast, and whether anything can be seen in it."""

from __future__ import annotations

from collections.abc import Iterator

from detector.refusals import why_blind
from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.reach import COMPLAINTS as REACH
from stream.doctor.tally import Tally, seen_in
from stream.problem import ERROR, NOTE, WARNING
from stream.settings import CameraSettings

ALIKE_LEAST = 5  # pictures, before it means anything that they are the same
SLOW_SHARE = 0.9  # of the rate that was asked for
LOGIN_WORDS = "wrong user name or password"  # of every source that knows logins

LOGIN = Complaint(
    "camera-login",
    ERROR,
    "the camera refuses the user name or the password",
    "it answers, and gives its pictures to nobody it does not know",
    "set username, and password_file: a file with the password in its first line (chmod 600)",
)
CLOSED = Complaint(
    "camera-does-not-open",
    ERROR,
    "it cannot be opened: {reason}",
    "without a picture nothing is judged",
    "see to what is said there, then run the doctor again",
)
HANGS = Complaint(
    "camera-hangs",
    ERROR,
    "it has not sent a picture {limit:g} s after it was opened, and says nothing",
    "its driver or the camera itself hangs",
    "take its power away for ten seconds; on USB try another socket and a shorter cable",
)
DAMAGED = Complaint(
    "camera-damaged",
    WARNING,
    "{bad} of {pictures} pictures came in damaged ({reason})",
    "each of them is UNKNOWN: parts are not judged",
    "look at the cable and the switch; on a network camera lower its bit rate, on USB take another socket",
)
SLOW = Complaint(
    "camera-slow",
    WARNING,
    "{rate:.1f} pictures a second come, {asked:g} were asked for",
    "parts between two pictures are seen by nobody",
    "shorten the exposure, make the picture smaller, or write the rate that it can do: fps: {whole:d}",
)
BEHIND = Complaint(
    "camera-too-many-pictures",
    WARNING,
    "{left_out} of {came} pictures were left out: they come faster than this computer decodes them",
    "each is a part that nobody looks at",
    "set the camera to fewer or smaller pictures, or give the line more processor: top -o %CPU says who takes it",
)
SIZE = Complaint(
    "camera-other-size",
    WARNING,
    "the pictures are {width}x{height} px, {asked} px were asked for",
    "a region that was drawn for the other size judges something else",
    "write a size that the camera can do: width: {width}, height: {height}",
)
BLACK = Complaint(
    "camera-black",
    ERROR,
    "the picture is {reason}",
    "every frame is UNKNOWN",
    "take the cap off the lens, switch the light on, open the aperture, lengthen the exposure",
)
BLINDED = Complaint(
    "camera-blinded",
    ERROR,
    "the picture is {reason}",
    "every frame is UNKNOWN",
    "close the aperture, shorten the exposure, turn the light away from the lens",
)
ALIKE = Complaint(
    "camera-frozen",
    WARNING,
    "all {pictures} pictures are the same, pixel for pixel",
    "a sensor never gives the same picture twice: the camera repeats an old one, or a still scene was compressed",
    "wave a hand before the lens and run the doctor again; if it stays, restart the camera",
)
SEES = Complaint(
    "camera-sees",
    NOTE,
    "{width}x{height} px, {rate:.1f} pictures a second",
    "this is what came in",
    "nothing",
)
WAITS = Complaint(
    "camera-waits",
    NOTE,
    "it is well, and sends a picture only when it is told to: {text}",
    "its pictures could not be looked at",
    "let a part pass, and run the doctor again",
)
COMPLAINTS = (*REACH, LOGIN, CLOSED, HANGS, DAMAGED, SLOW, BEHIND, SIZE, BLACK, BLINDED, ALIKE, SEES, WAITS)


def judge(camera: CameraSettings, tally: Tally) -> Iterator[Diagnosis]:
    """What is wrong with what a camera sent. Pure."""
    path = f"cameras.{camera.name}"
    if tally.reason:
        yield (
            LOGIN.told(f"{path}.username")
            if LOGIN_WORDS in tally.reason
            else CLOSED.told(f"{path}.source", reason=tally.reason)
        )
    if tally.damaged:
        yield DAMAGED.told(f"{path}.source", bad=tally.damaged, pictures=tally.pictures, reason=tally.problem)
    if tally.last is None:
        if tally.waits and not tally.reason:
            yield WAITS.told(f"{path}.source", text=tally.waits)
        return
    yield from _rate_and_size(path, camera, tally)
    blind = why_blind(tally.last)
    if blind is not None:
        yield (BLACK if blind.startswith("black") else BLINDED).told(f"{path}.source", reason=blind)
    elif camera.live and tally.pictures >= ALIKE_LEAST and tally.alike == tally.pictures:
        yield ALIKE.told(f"{path}.source", pictures=tally.pictures)


def _rate_and_size(path: str, camera: CameraSettings, tally: Tally) -> Iterator[Diagnosis]:
    seen = seen_in(tally)
    if camera.live:
        yield SEES.told(f"{path}.source", width=seen.width, height=seen.height, rate=seen.rate)
    if tally.left_out:
        yield BEHIND.told(f"{path}.source", left_out=tally.left_out, came=tally.pictures + tally.left_out)
    if camera.live and camera.fps is not None and 0 < seen.rate < SLOW_SHARE * camera.fps:
        yield SLOW.told(f"{path}.fps", rate=seen.rate, asked=camera.fps, whole=max(1, int(seen.rate)))
    asked = (camera.width or seen.width, camera.height or seen.height)
    if camera.live and asked != (seen.width, seen.height):
        wish = f"{asked[0]}x{asked[1]}"
        yield SIZE.told(f"{path}.width", width=seen.width, height=seen.height, asked=wish)
