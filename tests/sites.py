"""A line that judges with a promoted bundle, as tests of promotion want it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stream.live_bundle import bundles_folder, read_live
from stream.promotions import history
from tests.bundles import write_golden_set
from tests.line import TINY_BUNDLE, write_line


@dataclass
class Site:
    """A line that judges with the promoted bundle, its golden set, and bundles to promote."""

    folder: Path
    file: Path
    golden: Path

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def live(self) -> str:
        found = read_live(self.data_dir)
        return found.bundle if found else ""

    def kinds(self) -> list[str]:
        return [entry.kind for entry in history(bundles_folder(self.data_dir))]

    def words(self, bundle: Path, *more: str) -> list[str]:
        return [str(self.file), str(bundle), "--golden-set", str(self.golden), "--why", "a test", *more]


PATIENT = "supervisor:\n  silent_after_s: 60\n  judging_s: 60\n"  # a slow machine lets no role seem to hang


def site_in(folder: Path, source: Path | str = "synthetic:", camera: str = "") -> Site:
    file = write_line(folder, source, PATIENT, camera)
    file.write_text(file.read_text().replace(str(TINY_BUNDLE), "promoted"))
    return Site(folder, file, write_golden_set(folder / "set"))
