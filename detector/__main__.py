"""`python -m detector PICTURE…`: judges pictures from the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import cv2

from detector import report
from detector.cascade import Cascade
from detector.command import Task, judge_all, tasks
from detector.errors import OpenError, PictureError
from detector.opening import open_cascade
from detector.terminal import show, told
from detector.verdict import Box, State

ABOUT = """\
Judges pictures: GOOD, BAD or UNKNOWN, with the probability of BAD. For each BAD picture, and for no other (the
segmenter runs on these alone), NAME_mask.png (0/255) and NAME_overlay.png (the mask in red) are written, in the
picture's own size. Of several pictures, or a folder, there is also OUT/verdicts.csv.

Without --bundle and checkpoints the bundle that ships is used."""

EXAMPLES = """\
examples:
  python -m detector part.png
  python -m detector pictures/ --out judged --panel
  python -m detector part.png --classifier models/convnext.pth --segmenter models/unet.pth --show

exit code: 0 all were judged; 1 some could not be judged (UNKNOWN); 2 wrong use, or nothing could be opened"""

ALL_JUDGED, SOME_UNKNOWN, NOTHING_OPENED, INTERRUPTED = 0, 1, 2, 130


def region(text: str) -> Box:
    """The box that `x0,y0,x1,y1` names."""
    try:
        x0, y0, x1, y1 = (int(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"x0,y0,x1,y1 in whole pixels is wanted; got {text!r}") from error
    return Box(x0, y0, x1, y1)


def share(text: str) -> float:
    """A number 0..1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"a number 0..1 is wanted; got {text!r}")
    return value


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m detector", description=ABOUT, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", nargs="+", type=Path, metavar="PICTURE", help="a picture file, or a folder of them")
    add("--bundle", type=Path, help="a bundle's folder (docs/bundle.md)")
    add("--classifier", type=Path, metavar="C.pth", help="a reference checkpoint: ConvNeXt-Tiny or ViT-Base")
    add("--segmenter", type=Path, metavar="S.pth", help="a reference checkpoint: U-Net with EfficientNet-B5")
    add("--out", type=Path, default=Path("out"), help="folder for what is written (default: out)")
    add("--threshold", type=share, metavar="T", help="BAD where the score is at least T, 0..1, over the bundle's")
    add("--mask-threshold", type=share, metavar="T", help="a pixel is marked above T, 0..1, over the bundle's")
    add("--region", type=region, metavar="x0,y0,x1,y1", help="judge this rectangle of each picture only, in pixels")
    add("--panel", action="store_true", help="write NAME_panel.png: picture, mask and overlay side by side")
    add("--show", action="store_true", help="open the panel of the one picture that is named")
    add("--engine", default="auto", help="auto | onnxruntime | openvino | torch (default: auto, by the kind of file)")
    add("--device", default="auto", help="auto | cpu | cuda (default: auto)")
    add("--precision", default="fp32", help="fp32 | bf16, which the engine openvino has (default: fp32)")
    add("--threads", type=int, default=1, help="CPU threads (default: 1)")
    add("--json", action="store_true", help="print one JSON object instead of lines")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Judges what the command line names; returns the exit code."""
    parser = arguments()
    options = parser.parse_args(argv)
    try:
        every = tasks(options.pictures, options.out)
        if options.show and len(every) != 1:
            parser.error(f"--show opens one picture; {len(every)} were named (--panel writes any number)")
        options.out.mkdir(parents=True, exist_ok=True)
        cascade = _open(options)
        return _judge(cascade, every, options)
    except (OpenError, PictureError) as error:
        print(error, file=sys.stderr)
    except BrokenPipeError:  # `… | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ALL_JUDGED
    except OSError as error:
        print(f"{error.filename or options.out}: {error.strerror}; choose another --out", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    return NOTHING_OPENED


def _open(options: argparse.Namespace) -> Cascade:
    cv2.setNumThreads(options.threads)
    return open_cascade(
        clock=time.perf_counter,
        bundle=options.bundle,
        classifier=options.classifier,
        segmenter=options.segmenter,
        engine=options.engine,
        device=options.device,
        threads=options.threads,
        precision=options.precision,
        classifier_threshold=options.threshold,
        segmenter_threshold=options.mask_threshold,
    )


def _judge(cascade: Cascade, every: tuple[Task, ...], options: argparse.Namespace) -> int:
    several = len(every) > 1 or options.pictures[0].is_dir()
    table = options.out / "verdicts.csv" if several else None
    judged = told(
        judge_all(cascade, every, options.region, options.panel or options.show),
        count=len(every),
        table=table,
        lines=not options.json,
    )
    if options.json:
        print(json.dumps(report.whole(judged, cascade.bundle_id, cascade.engine_name)))
    else:
        counted = f"{report.summary(judged)}; table in {table}; " if table else ""
        print(f"{counted}judged by {cascade.bundle_id} on {cascade.engine_name}")
    if options.show and judged[0].files.panel:
        print(show(judged[0].files.panel), file=sys.stderr)
    if not any(one.readable for one in judged):
        return NOTHING_OPENED
    return SOME_UNKNOWN if any(one.verdict.state is State.UNKNOWN for one in judged) else ALL_JUDGED


if __name__ == "__main__":
    sys.exit(main())
