"""What `audit verify` counts, and says to people or to a machine. Knows no log."""

from __future__ import annotations

from collections.abc import Iterable

from tqdm import tqdm

from stream.audit_check import Finding, Passed
from stream.audit_evidence import Looked
from stream.audit_vouched import Held
from stream.chain import Entry

SHOWN_MOST = 100  # findings that are written out


class Tally:
    """Counts what was looked at, and says what is wrong as it is found."""

    def __init__(self, *, aloud: bool, kept: str | None) -> None:
        """`kept`: the entry that somebody kept; empty where there was none then."""
        self._aloud = aloud
        self._kept, self._kept_at = kept, 0
        self.held = Held()
        self._said: list[str] = []
        self.entries = self.verdicts = self.acts = self.folders = self.unbound = self.findings = 0

    def counts(self) -> dict[str, object]:
        """For a machine; of the findings no more than are written out."""
        numbers = ("entries", "verdicts", "acts", "folders", "unbound", "findings")
        held = {**self.held.rows, "older_rows": self.held.older}
        return {**{name: getattr(self, name) for name in numbers}, **held, "said": self._said}

    def tell(self, older: int, head: Entry | None, held: Iterable[str], *, evidence: bool) -> None:
        """The outcome in words. `older`: verdicts from before the chain; `held`: lines on other tables."""
        print(f"{self.entries} entries vouch for {self.verdicts} verdicts and {self.acts} acts")
        for line in held:
            print(line)
        if older:
            print(f"{older} verdicts are from before the chain: it vouches for them as they were when it began")
        if evidence:
            print(f"{self.folders} folders of evidence, {self.unbound} of them from before the log vouched for them")
        if self._kept == "":
            print("the head that was kept is of a log without entries: nothing can be missing by it")
        elif head and self._kept_at:
            print(f"entry {self._kept_at}, which was kept, is there; {head.number - self._kept_at} came after it")
        print(f"newest entry: {head.head if head else 'none that has the form of one' if self.findings else 'none'}")
        print(f"{self.findings} findings" if self.findings else "nothing is wrong")

    def take(self, step: Passed | Finding | Looked) -> None:
        if isinstance(step, Finding):
            self.findings += 1
            if self.findings <= SHOWN_MOST:
                self._say(step.text)
            if self.findings == SHOWN_MOST:
                self._say("more is not written out")
        elif isinstance(step, Looked):
            self.folders += 1
            self.unbound += not step.bound
        else:
            self.entries += 1
            self.verdicts += step.entry.verdicts
            self.acts += step.entry.acts
            self.held.take(step.entry)
            self._kept_at = step.entry.number if step.entry.head == self._kept else self._kept_at

    def _say(self, text: str) -> None:
        self._said.append(text)
        if self._aloud:
            tqdm.write(text)
