"""Which role lives on which host, what listens there, and what `check` says of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stream.absent import SILENT_S, Absent
from stream.check import problems_of
from stream.curve import new_pair
from stream.far import HostError, key_folder, this_host, with_far
from stream.host_check import look_at_hosts
from stream.host_limits import host_address, host_conflicts, host_name
from stream.hosts import host_of, listening, port_of, roles_on, services, with_pictures
from stream.keys import KeyFileError
from stream.places import Places
from stream.probe import PictureSize
from stream.settings import (
    PROMOTED,
    CameraSettings,
    HostSettings,
    InspectorSettings,
    LineSettings,
    LinksSettings,
    RecorderSettings,
)
from tests.line import TINY_BUNDLE

HOSTS = (HostSettings("line", "127.0.0.1"), HostSettings("gpu", "127.0.0.2", ("inspect",)))


@pytest.fixture
def line(tmp_path: Path) -> LineSettings:
    return LineSettings(
        cameras=(CameraSettings("belt", "synthetic:"), CameraSettings("lid", "synthetic:")),
        data_dir=tmp_path / "data",
        inspector=InspectorSettings(count=2),
        hosts=HOSTS,
        links=LinksSettings(here="line", port=18_000),
    )


def placed(line: LineSettings, *runs: str) -> LineSettings:
    return replace(line, hosts=(HOSTS[0], replace(HOSTS[1], runs=runs)))


def keyed(line: LineSettings) -> LineSettings:
    for host in line.hosts:
        key_folder(line).keep(host.name, new_pair())
    return line


def test_a_line_without_hosts_needs_nothing_of_all_this(line: LineSettings, places: Places) -> None:
    local = replace(line, hosts=(), links=LinksSettings())
    assert with_far(places, local) is places
    assert list(look_at_hosts(local, {})) == [] and list(host_conflicts(local)) == []
    assert list(listening(local, "")) == [] and list(with_pictures(local)) == []


def test_the_whole_name_of_a_role_comes_before_its_kind(line: LineSettings) -> None:
    both = replace(line, hosts=(replace(HOSTS[0], runs=("inspect 1",)), HOSTS[1]))
    assert [host_of(both, role) for role in ("inspect 1", "inspect 2", "record")] == ["line", "gpu", "line"]
    assert roles_on(line, "gpu") == ("inspect 1", "inspect 2")
    assert host_of(line, "supervise") == "line"


def test_only_what_another_host_needs_listens_and_each_has_a_port_of_its_own(line: LineSettings) -> None:
    assert {s.name for s in listening(line, "line")} == {"record", "capture-belt", "capture-lid"}
    assert {s.name for s in listening(line, "gpu")} == {"inspect-1-live", "inspect-2-live"}
    assert len({port_of(line, s.name) for s in services(line)}) == len(services(line))
    assert "control" not in {s.name for s in services(line)}, "wishes are local"


@pytest.mark.parametrize(
    ("runs", "names"),
    [
        (("inspect",), {"record", "capture-belt", "capture-lid"}),
        (("inspect", "record"), {"record", "capture-belt", "capture-lid"}),
        (("record",), {"record"}),
        (("display",), {"capture-belt", "capture-lid"}),
        (("capture belt",), {"record", "capture-belt"}),
        ((), set()),
    ],
    ids=lambda value: "+".join(sorted(value)) or "none",  # a set's own order is another one in each process
)
def test_pictures_travel_only_where_somebody_cannot_see_the_ring(
    line: LineSettings, runs: tuple[str, ...], names: set[str]
) -> None:
    assert set(with_pictures(placed(line, *runs))) == names


def test_each_side_knows_the_addresses_and_keys_of_the_other(line: LineSettings, places: Places) -> None:
    keyed(line)
    here = with_far(places, line)
    there = with_far(places, replace(line, links=replace(line.links, here="gpu")), "inspect 2")
    assert here.far is not None and there.far is not None
    assert here.socket("record").startswith("ipc://") and there.socket("record") == "tcp://127.0.0.1:18000"
    assert there.far.hosts[there.socket("record")] == "line"
    assert here.far.doors[here.socket("record")] == there.socket("record")
    assert there.far.sends == {there.socket("record")} and here.far.sends == frozenset(), "of a supervisor: words alone"
    assert with_far(places, line, "capture lid").far.sends == {places.socket("capture-lid")}  # type: ignore[union-attr]
    assert there.far.attached == {"belt", "lid"} and here.far.attached == frozenset()
    assert there.far.pair.secret not in repr(there)


def test_a_role_on_the_wrong_host_is_refused_with_the_right_one(line: LineSettings, places: Places) -> None:
    keyed(line)
    with pytest.raises(HostError, match="inspect 1 lives on the host gpu, this is line, whose roles are: record"):
        with_far(places, line, "inspect 1")
    gpu = replace(line, links=replace(line.links, here="gpu"))
    with pytest.raises(HostError, match="supervise lives on the host line"):
        with_far(places, gpu)


def test_a_computer_finds_out_by_its_address_which_host_it_is(line: LineSettings) -> None:
    far = replace(HOSTS[1], address="192.0.2.1")
    unsaid = replace(line, links=LinksSettings(), hosts=(HOSTS[0], far))
    assert this_host(unsaid) == "line"
    with pytest.raises(HostError, match=r"has the addresses of line, gpu; say so with --set links\.here=NAME"):
        this_host(replace(unsaid, hosts=HOSTS))
    with pytest.raises(HostError, match="has none of their addresses"):
        this_host(replace(unsaid, hosts=(replace(far, name="a"), far)))


def test_without_its_keys_a_line_on_two_hosts_does_not_start(line: LineSettings, places: Places) -> None:
    with pytest.raises(KeyFileError, match="no such key file"):
        with_far(places, line)


def test_a_revoked_host_does_not_keep_the_lines_own_host_from_starting_but_the_other_way_round_it_does(
    line: LineSettings, places: Places
) -> None:
    keyed(line)
    key_folder(line).revoke("gpu")
    assert with_far(places, line).far is not None
    key_folder(line).keep("gpu", new_pair())
    key_folder(line).revoke("line")
    with pytest.raises(KeyFileError, match="no such key file"):
        with_far(places, replace(line, links=replace(line.links, here="gpu")), "inspect 1")


def said(line: LineSettings) -> list[tuple[str, str]]:
    return [(finding.path, finding.text) for finding in look_at_hosts(line, {})]


def test_check_says_which_key_is_missing_open_or_too_many(line: LineSettings) -> None:
    assert [path for path, _ in said(line)] == ["links.keys", "links.keys"]
    keyed(line)
    ((path, text),) = said(line)
    assert path == "links.keys" and "the secret key of gpu lies here, too" in text
    folder = key_folder(line)
    (folder.path / "gpu.secret").unlink()
    assert said(line) == []
    (folder.path / "line.secret").chmod(0o644)
    folder.keep("guest", new_pair())
    texts = [text for _, text in said(line)]
    assert "others can read this secret key, got mode 0644" in texts[0]
    assert "guest may come in and is no host of this line" in texts[1]


def test_check_says_that_it_cannot_be_known_who_is_revoked(line: LineSettings) -> None:
    keyed(line)
    (key_folder(line).path / "gone.revoked").mkdir()
    assert any(path == "links.keys" and "so nobody is let in" in text for path, text in said(line))


def test_check_says_that_a_port_is_taken_or_an_address_unknown(line: LineSettings) -> None:
    keyed(line)
    (key_folder(line).path / "gpu.secret").unlink()
    away = replace(line, hosts=(replace(HOSTS[0], address="192.0.2.1"), HOSTS[1]))
    assert {path for path, _ in said(away)} == {"links.port"}
    unknown = replace(line, hosts=(HOSTS[0], replace(HOSTS[1], address="nobody.invalid")))
    assert [path for path, _ in said(unknown)] == ["hosts.gpu.address"]


def test_check_says_that_pictures_are_too_large_to_travel_raw(line: LineSettings) -> None:
    keyed(line)
    (key_folder(line).path / "gpu.secret").unlink()
    found = list(look_at_hosts(line, {"belt": PictureSize(8000, 6000), "lid": PictureSize(3840, 2160)}))
    assert [(f.severity, f.path) for f in found] == [("warning", "links.frames")] and "8000x6000" in found[0].text


def test_check_refuses_pictures_that_could_not_be_evidence_where_the_recorder_lives(line: LineSettings) -> None:
    large = {"belt": PictureSize(8000, 6000), "lid": PictureSize(3840, 2160)}
    keyed(line)
    (key_folder(line).path / "gpu.secret").unlink()
    for links in (line.links, replace(line.links, frames="jpeg")):
        away = replace(placed(line, "record"), links=links)
        ((severity, text),) = [(f.severity, f.text) for f in look_at_hosts(away, large) if f.path == "hosts"]
        assert severity == "error" and "8000x6000" in text and "beside belt" in text and "let record run there" in text
    assert not [f for f in look_at_hosts(placed(line, "record", "inspect"), large) if f.path == "hosts"]


def test_check_looks_only_at_what_lives_on_this_host(line: LineSettings) -> None:
    keyed(line)
    (key_folder(line).path / "line.secret").unlink()
    gone = tuple(replace(camera, source="/nowhere.mp4") for camera in line.cameras)
    judges = InspectorSettings(bundle=TINY_BUNDLE)
    gpu = replace(line, cameras=gone, links=replace(line.links, here="gpu"), inspector=judges)
    assert problems_of(gpu) == ()
    assert {f.path for f in problems_of(replace(gpu, links=replace(line.links, here="line")))} >= {
        "cameras.belt.source",
        "cameras.lid.source",
    }


def test_an_inspector_elsewhere_that_is_silent_is_an_alarm_until_it_speaks(line: LineSettings) -> None:
    absent = Absent(line, 100.0)
    absent.heard("inspect 1", 110.0)
    absent.heard("inspect 9", 110.0)
    assert absent.alarms(100.0 + SILENT_S) == ()
    (said,) = absent.alarms(112.0)
    assert said == "inspect 2 on the host gpu has said nothing for 12 s: is it started there?"
    assert Absent(replace(line, hosts=()), 0.0).alarms(1e6) == ()


CONFLICTS = [
    ("an unknown host", {"links": LinksSettings(here="x")}, "links.here", "unknown host, got x"),
    ("an unknown role", {"hosts": (HOSTS[0], replace(HOSTS[1], runs=("inspect 3",)))}, "hosts.gpu.runs", "no role of"),
    ("twice", {"hosts": (replace(HOSTS[0], runs=("inspect",)), HOSTS[1])}, "hosts.gpu.runs", "lives on line already"),
    ("promoted", {"inspector": InspectorSettings(bundle=PROMOTED)}, "inspector.bundle", "promoted changes only"),
    (
        "a film of JPEG",
        {"recorder": RecorderSettings(overlay_video=True), "links": LinksSettings(frames="jpeg")},
        "recorder.overlay_video",
        "judges their JPEG",
    ),
    (
        "a film elsewhere",
        {"recorder": RecorderSettings(overlay_video=True), "hosts": (HOSTS[0], replace(HOSTS[1], runs=("record",)))},
        "recorder.overlay_video",
        "needs the pictures of belt",
    ),
]


@pytest.mark.parametrize(("settings", "path", "words"), [c[1:] for c in CONFLICTS], ids=[c[0] for c in CONFLICTS])
def test_what_does_not_go_together_is_said(
    line: LineSettings, settings: dict[str, object], path: str, words: str
) -> None:
    found = list(host_conflicts(replace(line, **settings)))  # type: ignore[arg-type]
    assert found and found[0][0] == path and words in found[0][1]


@pytest.mark.parametrize("address", ["192.168.1.20", "gpu.factory", "fe80::1", "gpu"])
def test_addresses_that_are_fine(address: str) -> None:
    assert host_address(address) is None


@pytest.mark.parametrize("address", ["tcp://a", "a:5600", "", "a b", "*", "-x", "a" * 300])
def test_addresses_that_are_none(address: str) -> None:
    assert host_address(address) is not None
    assert host_name("../x") is not None and host_name("gpu-1") is None
