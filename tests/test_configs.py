"""The configurations that ship: each is read as it stands, and line.yaml tells the truth about every setting."""

from __future__ import annotations

import dataclasses
import re
import typing
from pathlib import Path

import pytest

from stream.configuration import read_line
from stream.hosts import host_of
from stream.settings import CameraSettings, HostSettings, LineSettings

CONFIGS = Path(__file__).parents[1] / "configs"
ROW = re.compile(r"^( *)(\w+):(?: (.*?))? +# (.+); default: (.+)$")
SECTION = re.compile(r"^( *)(\w+):$")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_a_shipped_configuration_is_read(path: Path) -> None:
    line = read_line(path)
    assert line.data_dir.parent == CONFIGS.parent / "linewatch-data"


def written_defaults() -> dict[str, str]:
    """Path of each row of line.yaml → what its comment says is the default."""
    found: dict[str, str] = {}
    sections: list[str] = []
    for text in (CONFIGS / "line.yaml").read_text().splitlines():
        if section := SECTION.match(text):
            sections = [*sections[: len(section[1]) // 2], section[2]]
        elif row := ROW.match(text):
            found[".".join([*sections[: len(row[1]) // 2], row[2]])] = row[5]
    return found


def settings_of(cls: type, prefix: str = "") -> dict[str, object]:
    """Path of each setting → its default; those of cameras under `cameras.belt`."""
    found: dict[str, object] = {}
    for setting in dataclasses.fields(cls):
        kind = typing.get_type_hints(cls)[setting.name]
        if dataclasses.is_dataclass(kind):
            found |= settings_of(typing.cast(type, kind), f"{prefix}{setting.name}.")
        elif setting.name == "cameras":
            found |= settings_of(CameraSettings, f"{prefix}cameras.belt.")
        elif setting.name in ("hosts", "regions", "recipes"):
            found[prefix + setting.name] = None  # what stands below it is told in the file of that name, or remote.yaml
        elif not (cls is CameraSettings and setting.name == "name"):
            found[prefix + setting.name] = setting.default
    return found


def in_yaml(default: object) -> str:
    if default is None or isinstance(default, bool):
        return {None: "null", True: "true", False: "false"}[default]
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_line_yaml_names_every_setting_with_its_true_default() -> None:
    wanted = {path: in_yaml(default) for path, default in settings_of(LineSettings).items()}
    wanted["cameras.belt.source"] = "none, it must be given"
    wanted["inspector.threads"] = "auto"  # which is None
    assert written_defaults() == wanted


def test_line_yaml_is_the_default_line() -> None:
    line = read_line(CONFIGS / "line.yaml")
    assert dataclasses.replace(line, data_dir=Path("linewatch-data")) == LineSettings(
        cameras=(CameraSettings("belt", "synthetic:?size=576x432"),)
    )


def test_remote_yaml_names_every_setting_of_a_host() -> None:
    text = (CONFIGS / "remote.yaml").read_text()
    for setting in dataclasses.fields(HostSettings):
        assert setting.name == "name" or f"\n    {setting.name}: " in text
    line = read_line(CONFIGS / "remote.yaml")
    assert [host_of(line, role) for role in ("capture belt", "inspect 1", "record", "display")] == [
        "line",
        "gpu",
        "line",
        "line",
    ]
