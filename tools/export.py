"""Makes a bundle (docs/bundle.md) of trained networks, and measures it.

Of a run of tools.train, or of two checkpoints of the reference pipeline (ConvNeXt-Tiny or ViT-Base, and the U-Net), to
ONNX files that give what torch gives. Refused where, on labelled pictures, a verdict changes that stood more than 0.1
logits from the gate, or masks agree by less than 0.99 (mean IoU).
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from detector.errors import OpenError

from .dataset import DataError

if TYPE_CHECKING:
    from .bundling import Wish

EXAMPLES = """\
examples:
  python -m tools.export --run out/edge --data out/codes --test out/held --out out/bundle --variants int8
  python -m tools.export --classifier convnext.pth --segmenter unet.pth --data pictures --out out/ours --name ours

exit code: 0 all was written; 1 refused, with its figures: not what torch gave, or a variant that costs too much (the
bundle itself is then written); 2 wrong use, or something could not be read or written"""

WRITTEN, REFUSED, NOT_OPENED, INTERRUPTED = 0, 1, 2, 130
FITS = ("nothing", "temperature", "all")
KINDS = ("int8",)
PACKAGES = ("torch", "timm", "segmentation_models_pytorch", "onnx", "onnxscript")


def export(
    run_folder: Path,
    data: Path,
    out: Path,
    *,
    name: str,
    test: Path | None,
    films: tuple[int, ...] = (),
    half: bool = True,
    show_progress: bool = True,
) -> dict[str, Any]:
    """The bundle of a run of tools.train in `out`; gives what its bundle.yaml holds.

    Raises DataError, OpenError, Refused.
    """
    from .bundling import Wish, make
    from .checkpoints import of_run

    wish = Wish(data, out, name, test, films, half=half, show_progress=show_progress)
    (made,) = make(of_run(run_folder), wish)
    return made.described


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.export",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--run", type=Path, help="the --out of tools.train")
    add("--classifier", type=Path, metavar="C.pth", help="a reference checkpoint: ConvNeXt-Tiny or ViT-Base")
    add("--segmenter", type=Path, metavar="S.pth", help="a reference checkpoint: U-Net with EfficientNet-B5")
    add(
        "--data",
        type=Path,
        required=True,
        help="labelled pictures (good/, bad/, masks/). With --run the --data of tools.train: only the part that was "
        "not trained on is fitted to. With checkpoints all of it; best pictures that they were not trained on",
    )
    add("--test", type=Path, help="labelled pictures that were never trained on: measured, never fitted to")
    add("--films", type=int, nargs="*", default=[], metavar="SEED", help="drawn recordings to fit the gate on too")
    add("--out", type=Path, required=True, help="the bundle's folder; a bundle that is there is replaced")
    add("--name", type=_name, help="the bundle's (default: edge with --run, reference with checkpoints)")
    add(
        "--fit",
        choices=FITS,
        nargs="?",
        const="all",
        help="temperature: so that a score of 0.9 means 0.9, with the reference's argmax and 0.5 for the mask, hence "
        "its very verdicts (default with checkpoints). all: both thresholds too (default with --run; --fit alone). "
        "nothing: the reference's scores as well",
    )
    add("--store", choices=("float16", "float32"), help="weights (default: float16 with --run, half the size; "
        "float32 with checkpoints, exact)")  # fmt: skip
    add("--float32", dest="store", action="store_const", const="float32", help="the same as --store float32")
    add("--variants", choices=KINDS, nargs="+", default=[], help="write OUT-int8 too, with what it costs")
    add("--max-cost", type=float, default=0.5, metavar="POINTS", help="accuracy a variant may cost (%(default)s)")
    add("--keep-costly", action="store_true", help="write a variant that costs more all the same")
    return parser


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,50}", text):
        raise argparse.ArgumentTypeError(f"a name of letters, digits and . _ - is wanted, 51 at most; got {text!r}")
    return text


def run(argv: list[str]) -> int:
    """Does what the command line says; gives the exit code."""
    parser = arguments()
    options = parser.parse_args(argv)
    checkpoints = [one for one in (options.classifier, options.segmenter) if one is not None]
    if (options.run is None) == (not checkpoints) or len(checkpoints) == 1:
        parser.error("name --run, or --classifier and --segmenter")
    if absent := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        print(f"{', '.join(absent)}: not installed; run `make setup-torch`", file=sys.stderr)
        return NOT_OPENED
    from .parity import Refused

    try:
        _export(options)
    except Refused as error:
        print(error, file=sys.stderr)
        return REFUSED
    except (DataError, OpenError) as error:
        print(error, file=sys.stderr)
        return NOT_OPENED
    except OSError as error:
        print(f"{error.filename or options.out}: {error.strerror}; choose another --out", file=sys.stderr)
        return NOT_OPENED
    except KeyboardInterrupt:
        print("stopped; nothing half written is left", file=sys.stderr)
        return INTERRUPTED
    return WRITTEN


def _export(options: argparse.Namespace) -> None:
    from .bundling import make
    from .checkpoints import of_reference, of_run

    trained = of_run(options.run) if options.run else of_reference(options.classifier, options.segmenter)
    for made in make(trained, _wish(options)):
        print(f"{made.out}: {made.id}")
        print(yaml.safe_dump(made.described["metrics"], sort_keys=False))


def _wish(options: argparse.Namespace) -> Wish:
    from .bundling import Wish
    from .variants import Limits

    ours = options.run is not None
    return Wish(
        data=options.data,
        out=options.out,
        name=options.name or ("edge" if ours else "reference"),
        test=options.test,
        films=tuple(options.films),
        fit=options.fit or ("all" if ours else "temperature"),
        half=(options.store or ("float16" if ours else "float32")) == "float16",
        variants=tuple(dict.fromkeys(options.variants)),
        limits=Limits(options.max_cost, options.keep_costly),
    )


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
