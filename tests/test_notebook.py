"""The notebook is run, cell by cell, in a real kernel, on pictures that a child could tell apart."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.needs import torch_or_skip

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "docs" / "train.ipynb"


def draw(folder: Path, count: int, seed: int) -> None:
    """A white stroke over grey makes BAD."""
    rng = np.random.default_rng(seed)
    for name in ("good", "bad", "masks"):
        (folder / name).mkdir(parents=True)
    for i in range(count):
        picture = rng.integers(40, 110, (110, 130, 3)).astype(np.uint8)
        if i % 2:
            mask = np.zeros((110, 130), np.uint8)
            cv2.line(mask, tuple(map(int, rng.integers(8, 100, 2))), (120, 100), 255, 15)
            picture[mask > 0] = 250
            cv2.imwrite(str(folder / "masks" / f"{i:02d}.png"), mask)
        cv2.imwrite(str(folder / ("bad" if i % 2 else "good") / f"{i:02d}.png"), picture)


def code_cell(name: str, lines: list[str]) -> dict[str, object]:
    source = "\n".join(lines)
    return {"cell_type": "code", "id": name, "metadata": {}, "execution_count": None, "outputs": [], "source": source}


def test_the_notebook_keeps_no_output_and_names_no_machine() -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
    assert "/home" not in NOTEBOOK.read_text() and "/root" not in NOTEBOOK.read_text()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(1800)
def test_the_notebook_leads_from_pictures_to_a_promoted_bundle(tmp_path: Path) -> None:
    torch_or_skip("the notebook")
    draw(tmp_path / "data", 24, 1)
    draw(tmp_path / "held", 12, 2)
    book = json.loads(NOTEBOOK.read_text())
    here = next(i for i, cell in enumerate(book["cells"]) if "parameters" in cell["metadata"].get("tags", ()))
    wanted = {"DATA": "data", "HELD": "held", "WORK": "work"}
    lines = [f"{name} = {str(tmp_path / folder)!r}" for name, folder in wanted.items()]
    lines += ["EPOCHS = 1", f"import os; os.chdir({str(ROOT)!r})"]
    book["cells"].insert(here + 1, code_cell("short", lines))
    # One step teaches nothing: the classifier is made to know the pictures before it is exported.
    trained = next(i for i, cell in enumerate(book["cells"]) if "tools.train" in "".join(cell["source"]))
    know = "make_it_know(data, work / 'run' / 'classifier.pth')"
    book["cells"].insert(trained + 1, code_cell("know", ["from tests.knowing import make_it_know", know]))
    copy = tmp_path / "train.ipynb"
    copy.write_text(json.dumps(book))
    command = [str(Path(sys.executable).parent / "jupyter-execute"), str(copy), "--timeout=1600"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1700)
    assert ran.returncode == 0, ran.stderr[-3000:]
    work = tmp_path / "work"
    assert (work / "bundle" / "bundle.yaml").is_file()
    assert (work / "report.html").stat().st_size > 10_000
    history = (work / "data" / "bundles" / "promotions.jsonl").read_text().splitlines()
    assert json.loads(history[-1])["why"] == "the first one, from the notebook"
