"""The whole line, of which all other settings are parts."""

# ruff: noqa: RUF009  # each default is frozen, which is not seen from the file that it comes from
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stream.settings.cameras import CameraSettings
from stream.settings.house import DisplaySettings, FiguresSettings, HostSettings, LinksSettings, SupervisorSettings
from stream.settings.judging import InspectorSettings, RecipeSettings
from stream.settings.keeping import ClipSettings, RecorderSettings, RetentionSettings, SamplesSettings


@dataclass(frozen=True)
class LineSettings:
    """The whole line."""

    cameras: tuple[CameraSettings, ...]
    data_dir: Path = Path("linewatch-data")  # log, evidence and ledger, for ever
    name: str = "line"
    inspector: InspectorSettings = InspectorSettings()
    recorder: RecorderSettings = RecorderSettings()
    samples: SamplesSettings = SamplesSettings()
    retention: RetentionSettings = RetentionSettings()
    clips: ClipSettings = ClipSettings()
    display: DisplaySettings = DisplaySettings()
    supervisor: SupervisorSettings = SupervisorSettings()
    hosts: tuple[HostSettings, ...] = ()  # none: all roles live on this computer
    links: LinksSettings = LinksSettings()
    figures: FiguresSettings = FiguresSettings()
    recipes: tuple[RecipeSettings, ...] = ()  # one a product
    recipe: str | None = None  # the one to begin with, until another is chosen; None: the line's own settings
    recipe_file: Path | None = None  # its first line names the recipe that is wanted; looked at while the line runs

    def camera(self, name: str) -> CameraSettings:
        """The camera of that name. Raises KeyError."""
        for camera in self.cameras:
            if camera.name == name:
                return camera
        raise KeyError(name)
