"""`python -m tools.soak_check DIR`: says of a soaked line, invariant by invariant, whether it always held.

It knows nothing of the code: it imports nothing of the line, and reads its log, its evidence and what the soak wrote
down (tools/soak_truth.py describes those files) with SQL, hashes and rules of its own. Whatever is built later adds
its invariant as one entry of the table.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from tools import soak_check_asked as asked
from tools import soak_check_broker as broker
from tools import soak_check_clips as clips
from tools import soak_check_deaths as deaths
from tools import soak_check_end as end
from tools import soak_check_evidence as evidence
from tools import soak_check_files as files
from tools import soak_check_frames as frames
from tools import soak_check_people as people
from tools import soak_check_retention as retention
from tools import soak_check_samples as samples
from tools import soak_check_segments as segments
from tools import soak_check_unfit as unfit
from tools.soak_check_facts import Finding, Invariant, Soak, read_soak
from tools.soak_check_log import UnreadableError

HELD, BROKEN, UNREADABLE = 0, 1, 2
WHOLE_MINUTES = 5.0  # by then every kind of fault has come: what has seen nothing in it is no check
SHOWN = 10  # breaks of one invariant that are printed
INVARIANTS = (
    Invariant("accounted", "every frame is accounted for, once", frames.accounted),
    Invariant("rows", "rows and ledger say the same", frames.rows_agree),
    Invariant("duplicates", "no row stands twice, the file is whole", frames.no_row_twice),
    Invariant("defects", "no defect is lost", frames.no_defect_lost),
    Invariant("verdicts", "no verdict is wrong", frames.no_wrong_verdict),
    Invariant("judged", "each camera's frames were judged", frames.every_camera_judged),
    Invariant("judges", "every verdict is of a known bundle", frames.known_judges),
    Invariant("worst kept", "the worst frame of each incident has evidence", evidence.worst_is_kept),
    Invariant("evidence whole", "evidence is whole, its hashes are right", evidence.evidence_is_whole),
    Invariant("evidence true", "evidence shows the very frame of its row", evidence.evidence_is_of_its_frame),
    Invariant("orphans", "no evidence without its row", evidence.no_orphan_evidence),
    Invariant("runs closed", "runs and incidents are closed, with a reason", end.runs_closed),
    Invariant("recordings", "recordings were captured to the last picture", end.recordings_whole, "recordings"),
    Invariant("ages", "no BAD or GOOD is older than its deadline allows", end.ages_bounded, "deadlines"),
    Invariant("digests", "digests are those of the rows, and repeat", end.digests_agree, None),
    Invariant("unfit", "no black, frozen, damaged or half picture was judged", unfit.unfit_not_judged, "unfit"),
    Invariant("alarms", "what is wrong with pictures has its alarm and its end", unfit.alarms_told, "failing cameras"),
    Invariant("files", "each file of a watched folder was judged, once", files.files_judged, "watched folders"),
    Invariant("parts", "announced parts are on record, decided by their frames", asked.parts_kept, "told cameras"),
    Invariant("taken", "what was taken from a broker is on record, or refused", broker.taken_is_kept, "brokers"),
    Invariant(
        "one verdict", "each part has one verdict, each ordered picture its order", broker.one_verdict, "brokers"
    ),
    Invariant("of parts", "pictures are of the part before them", broker.pictures_of_their_part, "followed"),
    Invariant("heard", "a broker that is back is heard again", broker.heard_again, "brokers"),
    Invariant("recipes", "verdicts are of the recipe that was chosen", asked.recipes_named, "recipes"),
    Invariant("clips", "each incident that is over has a clip that is true", clips.clips_are_true, "clips"),
    Invariant("half films", "no film is left half made", clips.nothing_half, "clips"),
    Invariant("segments", "each segment shows the frames that it lists", segments.segments_are_true, "continuous"),
    Invariant("gaps", "nothing is missing in a recording without a word", segments.gaps_are_told, "continuous"),
    Invariant("said", "what people said is on record, once", people.said_is_kept, "page"),
    Invariant("held", "what people reviewed or pinned keeps its pictures", people.held_is_kept, "page"),
    Invariant("challenges", "each challenge has its result, and is no product", people.challenges_end, "challenges"),
    Invariant("oldest", "retention deleted the oldest first", retention.oldest_went_first, "evidence budget"),
    Invariant("audit", "the line's own audit finds nothing", people.audit_is_clean),
    Invariant("samples", "each sample has folder and row, of its GOOD frame", samples.samples_are_true, "samples"),
    Invariant("budgets", "samples stay within their number and their budget", samples.budgets_hold, "samples", 10.0),
    Invariant("acts", "acts only grow, and each says what was deleted", samples.acts_only_grow, "page"),
    Invariant("adopted", "what lay whole in a dead capture's ring was judged", deaths.adopted),
    Invariant("never fell", "the supervisor never ended by itself", deaths.never_fell),
    Invariant("came back", "every role that was hit came back", deaths.all_came_back),
    Invariant("tracebacks", "no role said a traceback that no fault explains", deaths.nothing_raised),
    Invariant("nothing left", "no process, socket or ring is left", end.nothing_left),
)
EXAMPLE = """example:
  python -m tools.soak configs/demo.yaml --minutes 1 --seed 7 --out soak
  python -m tools.soak_check soak

exit code: 0 every invariant held; 1 one was broken, or saw nothing in a soak of 5 minutes or more;
2 there is nothing here that can be read"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.soak_check",
        description="Reads what a soak left, and reports invariant by invariant.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="what tools.soak wrote")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, for machines")
    arguments = parser.parse_args()
    try:
        findings = check(read_soak(arguments.folder))
    except UnreadableError as error:
        print(error, file=sys.stderr)
        return UNREADABLE
    print(as_json(findings) if arguments.json else as_text(findings))
    return BROKEN if any(finding.breaks for finding in findings.values()) else HELD


def check(soak: Soak) -> dict[str, Finding]:
    """How each invariant came out, by its name."""
    return {invariant.name: seen(invariant, soak, invariant.look(soak)) for invariant in INVARIANTS}


def seen(invariant: Invariant, soak: Soak, finding: Finding) -> Finding:
    """The same; broken, too, where it saw nothing in a long soak of a line that has what it looks at."""
    has_it = invariant.owed is not None and (not invariant.owed or invariant.owed in soak.has)
    if finding.checked or not has_it or soak.minutes < max(WHOLE_MINUTES, invariant.from_minutes):
        return finding
    said = f"it looked at nothing in {soak.minutes:g} minutes: no check"
    return replace(finding, breaks=(*finding.breaks, said))


def as_text(findings: dict[str, Finding]) -> str:
    """A line an invariant, and the first breaks of each that was broken."""
    lines = []
    for invariant in INVARIANTS:
        finding = findings[invariant.name]
        word = f"BROKEN {len(finding.breaks)}" if finding.breaks else "held" if finding.checked else "not seen"
        note = f"; {finding.note}" if finding.note else ""
        lines.append(f"{word:<11} {invariant.sentence} ({finding.checked:,} looked at{note})")
        lines += [f"              {text}" for text in finding.breaks[:SHOWN]]
        if len(finding.breaks) > SHOWN:
            lines.append(f"              and {len(finding.breaks) - SHOWN} more")
    broken = sum(bool(finding.breaks) for finding in findings.values())
    blind = [name for name, finding in findings.items() if not finding.checked]
    lines.append(f"{broken} of {len(findings)} invariants broken" if broken else f"all {len(findings)} invariants held")
    lines += [f"{len(blind)} of them looked at nothing: {', '.join(blind)}"] if blind else []
    return "\n".join(lines)


def as_json(findings: dict[str, Finding]) -> str:
    """The same for machines, with every break."""
    sentences = {invariant.name: invariant.sentence for invariant in INVARIANTS}
    return json.dumps(
        {
            "held": not any(finding.breaks for finding in findings.values()),
            "invariants": [
                {
                    "name": name,
                    "sentence": sentences[name],
                    "checked": finding.checked,
                    "note": finding.note,
                    "breaks": list(finding.breaks),
                }
                for name, finding in findings.items()
            ],
        },
        indent=1,
    )


if __name__ == "__main__":
    raise SystemExit(main())
