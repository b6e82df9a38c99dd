"""Puts a bundle live for a line, and back: judged, copied, pointed to, told to the running line, and on record.

Knows no command line. The caller holds the line's claim `promote`, so that two of these never run at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from tqdm import tqdm

from detector.bundle import Bundle, open_bundle
from detector.cascade import Cascade
from detector.errors import OpenError
from stream.asking import ask, line_runs, swap_timeout_s
from stream.chosen import of_bundle
from stream.judge import open_judge
from stream.live_bundle import Live, below, bundles_folder, heal, keep, put_back, put_live, read_live
from stream.places import Places
from stream.promotions import PROMOTED_KIND, PUT_BACK, REFUSED_KIND, ROLLED_BACK, Entry, Limits, Trial, record
from stream.settings import LineSettings

from .golden_set import GoldenSet
from .passing import Called, measured, offending, why_refused

SILENT = (
    "it runs and does not answer; the bundle is live, and the line takes it when it is started anew, or asked again "
    "with `python -m stream promote FILE.yaml`"
)


class NothingToDo(Exception):
    """The bundle is live already, or there is none to go back to; the text says so."""


@dataclass(frozen=True)
class Person:
    """Who wants it, and why."""

    user: str  # of the operating system
    who: str
    why: str


@dataclass(frozen=True)
class Done:
    """What came of it."""

    entry: Entry  # the last that was entered
    wrong: tuple[Called, ...] = ()  # pictures judged wrong
    line: str = ""  # what the running line said; empty where none runs
    answered: bool = True  # False: a line runs, and did not say whether it took the bundle

    @property
    def ok(self) -> bool:
        return self.entry.kind in (PROMOTED_KIND, ROLLED_BACK) and self.answered


@dataclass(frozen=True)
class Site:
    """One line and what is live for it."""

    line: LineSettings
    places: Places

    def promote(
        self, bundle: Bundle, golden: GoldenSet, limits: Limits, person: Person, *, show_progress: bool
    ) -> Done:
        """Judges the golden set as the line would; puts the bundle live where it passes.

        Raises NothingToDo, LiveBundleError, GoldenSetError, BundleError, and OSError where the disk refuses.
        """
        heal(self.line.data_dir)
        before = read_live(self.line.data_dir)
        if before is not None and before.bundle == bundle.id:
            raise NothingToDo(f"{bundle.id} is live already, since {before.since.utc}")
        try:
            cascade = open_judge(of_bundle(self.line, bundle.folder).inspector)
        except OpenError as error:
            return Done(self._refused(bundle, before, person, None, str(error)))
        calls = tuple(_calls(cascade, golden, show_progress=show_progress))
        found = measured(calls)
        trial = Trial(str(golden.folder.resolve()), golden.sha256, cascade.engine_name, limits, found)
        if (why := why_refused(found, limits)) is not None:
            return Done(self._refused(bundle, before, person, trial, why), offending(calls))
        keep(bundle, self.line.data_dir)
        stack = (*before.before, before.bundle) if before else ()
        entry = _entry(PROMOTED_KIND, bundle.id, before, bundle.id, person, trial)
        return self._go_live(before, Live(bundle.id, stack, entry), person, offending(calls))

    def roll_back(self, person: Person) -> Done:
        """Puts the bundle live that was so before. Raises as `promote` does."""
        heal(self.line.data_dir)
        before = read_live(self.line.data_dir)
        if before is None or not before.before:
            raise NothingToDo(
                "there is no bundle to go back to: "
                + (f"{before.bundle} is the first" if before else "nothing is live")
            )
        target = before.before[-1]
        open_bundle(bundles_folder(self.line.data_dir) / target)  # whole, still
        entry = _entry(ROLLED_BACK, target, before, target, person, None)
        return self._go_live(before, below(before, entry), person, ())

    def _refused(self, bundle: Bundle, before: Live | None, person: Person, trial: Trial | None, text: str) -> Entry:
        entry = _entry(REFUSED_KIND, bundle.id, before, before.bundle if before else "", person, trial, text)
        record(bundles_folder(self.line.data_dir), entry)
        return entry

    def _go_live(self, before: Live | None, live: Live, person: Person, wrong: tuple[Called, ...]) -> Done:
        """The pointer first, then the running line: one that starts meanwhile reads the new one, too."""
        put_live(self.line.data_dir, live)
        if not line_runs(self.places):
            return Done(live.since, wrong)
        care = self.line.supervisor
        answer = ask(self.places, "promote", swap_timeout_s(care.starting_s, care.stop_s))
        if answer is None:
            return Done(live.since, wrong, SILENT, answered=False)
        if answer.ok:
            return Done(live.since, wrong, answer.text)
        after = before.bundle if before else ""
        entry = _entry(PUT_BACK, live.bundle, live, after, person, live.since.trial, f"the line: {answer.text}")
        put_back(self.line.data_dir, before, entry)
        return Done(entry, wrong, answer.text)


def _calls(cascade: Cascade, golden: GoldenSet, *, show_progress: bool) -> Iterator[Called]:
    for one in tqdm(golden.pictures, "golden set", unit="picture", disable=not show_progress):
        verdict = cascade.judge(one.picture())
        yield Called(one.name, one.truth, verdict.state, verdict.score, verdict.reason)


def _entry(
    kind: str, bundle: str, before: Live | None, after: str, person: Person, trial: Trial | None, text: str = ""
) -> Entry:
    utc = datetime.now(timezone.utc).isoformat(timespec="microseconds")
    return Entry(
        utc=utc,
        kind=kind,
        bundle=bundle,
        before=before.bundle if before else "",
        after=after,
        user=person.user,
        who=person.who,
        why=person.why,
        trial=trial,
        text=text,
    )
