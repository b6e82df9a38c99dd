"""Evaluates a bundle or a pair of checkpoints on labelled pictures, or a live line by its log.

    python -m tools.evaluate --data out/codes --bundle detector/bundles/edge --out report.html
    python -m tools.evaluate --data out/codes --classifier C.pth --segmenter S.pth --wanted-recall 0.995
    python -m tools.evaluate --log linewatch-data/demo --truth recordings/demo.truth.json --out report.html
    python -m tools.evaluate --log linewatch-data/line --truth looked-at.csv --json

The data folder holds good/, bad/ and masks/ (same file name as in bad/), and perhaps index.csv with the columns file,
group, kind. A table made by people has the columns camera, run, seq, state. docs/evaluate.md: how to read what comes.

exit code: 0 evaluated, 2 what is named cannot be used; the message names it
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path

from detector.engines.kinds import KINDS, PRECISIONS
from detector.errors import OpenError
from stream.defect_log import LogError

from .dataset import DataError
from .evaluate_folder import How, evaluate_folder
from .evaluate_log import evaluate_log
from .evaluation import Evaluation, Fact, document
from .evaluation_facts import Judge, command
from .evaluation_text import lines
from .report import page
from .report_gallery import Evaluated


def run(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    try:
        _refuse(args)
        found = _evaluated(args, argv)
        if args.out:
            args.out.write_text(page(found.evaluation, found.gallery()), encoding="utf-8")
    except (DataError, OpenError, LogError) as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}; name another, or see to its permissions")
    except KeyboardInterrupt:
        return 130
    _tell(found.evaluation, args)
    return 0


def _tell(evaluation: Evaluation, args: argparse.Namespace) -> None:
    if args.json:
        said = json.dumps(document(evaluation), indent=2)
    else:
        report = f"report: {args.out}" if args.out else "--out report.html adds curves and the worst mistakes"
        said = "\n".join([*lines(evaluation), "", report])
    try:
        print(said, flush=True)
    except BrokenPipeError:  # `… | head` has seen enough; at exit Python would complain about the rest
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _evaluated(args: argparse.Namespace, argv: list[str]) -> Evaluated:
    asked = (command(argv), Fact("written", f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC"))
    if args.log:
        return evaluate_log(args.log, args.truth, args.run, args.bundle, asked, args.wanted_recall)
    judge = Judge(args.bundle, args.classifier, args.segmenter)
    how = How(args.engine, args.device, args.threads, args.threshold, args.precision)
    return evaluate_folder(args.data, judge, how, asked, args.wanted_recall, show_progress=not args.json)


def _refuse(args: argparse.Namespace) -> None:
    """Raises DataError for options that do not go together, before anything is judged."""
    if args.log and args.truth is None:
        raise DataError("--log: --truth is wanted, a NAME.truth.json or a CSV with camera,run,seq,state")
    if args.data and (args.truth or args.run is not None):
        raise DataError("--truth, --run: go with --log; the truth of --data is in its folders")
    judging = (args.classifier, args.segmenter, args.threshold)
    if args.log and any(option is not None for option in judging):
        raise DataError("--classifier, --segmenter, --threshold: go with --data; a log is judged already")
    if args.out and not args.out.absolute().parent.is_dir():
        raise DataError(f"--out {args.out}: there is no folder {args.out.absolute().parent}; make it, or name another")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument("--data", type=Path, metavar="DIR", help="labelled pictures: good/, bad/, masks/")
    subject.add_argument("--log", type=Path, metavar="DIR", help="the data_dir of a line")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="with --log: NAME.truth.json, or a CSV by people")
    parser.add_argument("--run", type=int, help="with --log and NAME.truth.json: this run (default: its newest)")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="what judges (default: the bundle that ships)")
    parser.add_argument("--classifier", type=Path, metavar="C.pth", help="the reference pipeline's checkpoint")
    parser.add_argument("--segmenter", type=Path, metavar="S.pth", help="the reference pipeline's checkpoint")
    parser.add_argument("--threshold", type=_share, help="BAD from this score on, in place of the bundle's")
    parser.add_argument(
        "--wanted-recall", type=_share, default=0.99, help="propose a threshold for it (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, metavar="report.html", help="one file, with curves and the worst mistakes")
    parser.add_argument("--json", action="store_true", help="all figures on stdout as one JSON object, no progress bar")
    parser.add_argument("--engine", default="auto", choices=("auto", *KINDS))
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--precision", default="fp32", choices=PRECISIONS, help="bf16: of the engine openvino")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default: %(default)s, as the line has it)")
    return parser


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text}: a number between 0 and 1 is wanted")
    return value


def _failed(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
