"""A line with many cameras: they come up a few at a time, each loads only what it needs, and all of them end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stream.configuration import read_line
from stream.heart import Heart
from stream.places import places_for
from stream.supervisor import Supervisor
from tests.line import TINY_BUNDLE, wait_for

CAMERAS = 5
HEAVY = ("av", "cv2", "PIL", "asyncio", "ssl", "onnxruntime", "aiohttp")


@pytest.mark.parametrize("source", ["stream.sources.table", "stream.sources.numbered"])
def test_a_capture_loads_only_what_its_camera_needs(source: str) -> None:
    """Whatever it loads counts by the camera, in memory and in the time to come up."""
    code = f"import sys, stream.roles, stream.capture, {source}; print(*(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_captures_come_up_a_few_at_a_time_and_all_of_them(tmp_path: Path) -> None:
    file = tmp_path / "line.yaml"
    cameras = "".join(f"  c{n}: {{source: 'numbered:?seed={n}&fps=5&size=96x64'}}\n" for n in range(CAMERAS))
    file.write_text(
        f"data_dir: {tmp_path / 'data'}\ndisplay: {{enabled: false}}\n"
        f"inspector: {{bundle: {TINY_BUNDLE}, engine: onnxruntime, device: cpu}}\ncameras:\n{cameras}"
    )
    line, at_once = read_line(file, (), None), list[int]()
    with Supervisor(line, places_for(line.data_dir), "test", None) as house:
        house._crew.at_once = 1
        assert house.start(Heart(None)) is None
        captures = house._crew.named("capture")

        def all_up() -> bool:
            house.step()
            at_once.append(sum(child.process is not None and not child.beaten for child in captures))
            return all(child.beaten for child in captures) and len(house.cameras) == CAMERAS

        wait_for(all_up, "all captures to be up", timeout_s=100.0)
        assert max(at_once) == 1 and [child.restarts for child in captures] == [0] * CAMERAS
        house.stop()
        assert [child.exit_code for child in captures] == [0] * CAMERAS
