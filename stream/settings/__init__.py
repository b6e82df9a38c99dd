"""Every setting of a line: its name, unit and default, once. Knows no YAML and no file (see configuration.py)."""

# The names are for those who import them: which of its modules a setting stands in is the package's own affair.
# ruff: noqa: F401
from stream.settings.cameras import (
    DRAWN_PREFIXES,
    INDUSTRIAL_PREFIXES,
    WATCH_PREFIX,
    CameraSettings,
    ChallengeSettings,
    ControlSettings,
    HealthSettings,
    MqttSettings,
    PartsSettings,
    Window,
)
from stream.settings.house import DisplaySettings, FiguresSettings, HostSettings, LinksSettings, SupervisorSettings
from stream.settings.judging import (
    PROMOTED,
    InspectorSettings,
    RecipeCameraSettings,
    RecipeControlSettings,
    RecipeSettings,
    settings_id,
)
from stream.settings.keeping import ClipSettings, KeptSettings, RecorderSettings, RetentionSettings, SamplesSettings
from stream.settings.line import LineSettings
