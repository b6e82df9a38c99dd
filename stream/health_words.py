"""What each fault of a camera's pictures is called: in a verdict, on the page, and what to do about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """One kind of fault in words."""

    reason: str  # of the frames that are UNKNOWN for it; at most 47 bytes, as a ring's slot holds
    word: str  # readable from afar
    says: str
    do: str

    @property
    def text(self) -> str:
        return f"{self.says}. {self.do}."


WORDS: dict[str, Words] = {
    "corrupt": Words(
        "decode_error",
        "DAMAGED",
        "Pictures arrive damaged",
        "Check the cable and the network between camera and computer",
    ),
    "size": Words(
        "wrong size",
        "WRONG SIZE",
        "The pictures have another size than usual",
        "Set the camera back to its usual size, or calibrate anew if the change was meant",
    ),
    "flicker": Words(
        "flicker",
        "FLICKER",
        "The light flickers from picture to picture",
        "Check the lamp and its supply, and that nothing else lights the line",
    ),
    "black": Words(
        "black",
        "DARK",
        "The picture is black or far too dark",
        "Check the lamp, the lens cap, and the exposure of the camera",
    ),
    "blinded": Words(
        "blinded",
        "BLINDED",
        "The picture is burnt out by too much light",
        "Look for sunlight or a lamp in front of the lens, and check the exposure",
    ),
    "frozen": Words(
        "frozen",
        "FROZEN",
        "The camera sends the same picture again and again",
        "Switch the camera off and on; if that does not help, call maintenance",
    ),
    "focus": Words(
        "out of focus",
        "OUT OF FOCUS",
        "The picture is blurred",
        "Clean the lens and its window, then set the focus and fix its screw",
    ),
    "moved": Words(
        "moved",
        "MOVED",
        "The camera has moved, or something stands in front of it",
        "Clear the view and set the camera back; if it stays where it is now, calibrate anew",
    ),
}
