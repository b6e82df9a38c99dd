"""`--set camera.fps=10` and `--source X` laid over the tree of a file. Knows no setting but `cameras`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stream.problem import ConfigurationError, Problem, nearest
from stream.secrets import has_password
from stream.setting_nodes import Entry, Listing, Mapping, Node, Place, Scalar, join, one_line
from stream.yaml_lines import read_nodes

CAMERAS = "cameras"
_FORM = "write --set SETTING=VALUE, e.g. --set camera.fps=10 or --set inspector.threads=2"
PASSWORD_SHOWN = (
    "carries a password, and everybody on this computer can read a command line; name the user as `username` and a "
    "file that only you can read (chmod 600) as `password_file`, or write the address into the YAML"
)


def name_cameras(root: Mapping) -> tuple[Mapping, list[Problem]]:
    """The same tree with `cameras` as a mapping NAME → settings, whichever way it was written."""
    entry = root.entries.get(CAMERAS)
    if entry is None or not isinstance(entry.node, (Mapping, Listing)):
        return root, []
    named = _from_mapping(entry.node) if isinstance(entry.node, Mapping) else _from_listing(entry.node)
    cameras, problems = named
    node = Mapping(cameras, entry.node.place)
    return _put(root, [CAMERAS], Entry(entry.place, node)), problems


def _from_mapping(node: Mapping) -> tuple[dict[str, Entry], list[Problem]]:
    cameras: dict[str, Entry] = {}
    problems: list[Problem] = []
    for key, entry in node.entries.items():
        said = entry.node.entries.get("name") if isinstance(entry.node, Mapping) else None
        if said is not None and not (isinstance(said.node, Scalar) and said.node.text == key):
            path = join(join(CAMERAS, key), "name")
            problems.append(said.place.problem(path, "differs from the name that the settings stand under; delete it"))
        cameras[key] = Entry(entry.place, _without_name(entry.node))
    return cameras, problems


def _from_listing(node: Listing) -> tuple[dict[str, Entry], list[Problem]]:
    cameras: dict[str, Entry] = {}
    problems: list[Problem] = []
    for number, item in enumerate(node.items):
        path = f"{CAMERAS}[{number}]"
        said = item.entries.get("name") if isinstance(item, Mapping) else None
        if said is None or not isinstance(said.node, Scalar) or said.node.empty:
            problems.append(item.place.problem(path, "a camera in a list needs settings with `name`; add name: belt"))
        elif said.node.text in cameras:
            line = cameras[said.node.text].place.line
            text = f"two cameras with one name, the first on line {line}; rename one"
            problems.append(said.place.problem(join(CAMERAS, said.node.text), text))
        else:
            cameras[said.node.text] = Entry(said.place, _without_name(item))
    return cameras, problems


def _without_name(node: Node) -> Node:
    if not isinstance(node, Mapping):
        return node
    return replace(node, entries={key: entry for key, entry in node.entries.items() if key != "name"})


def override(root: Mapping, assignment: str, folder: Path) -> Mapping:
    """The tree with `SETTING=VALUE` in it. Raises ConfigurationError where that cannot be."""
    path, equals, value = assignment.partition("=")
    if has_password(value):
        raise ConfigurationError([Problem("", f"--set {one_line(path)}", None, PASSWORD_SHOWN)])
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ConfigurationError([Problem("", "--set", None, f"not a setting and its value; {_FORM}")])
    place = Place(f"--set {one_line('.'.join(keys))}", folder)
    node, problems = read_nodes(value, place)
    if problems:
        raise ConfigurationError(problems)
    if keys[0] == "camera":
        keys = [CAMERAS, _only_camera(root, place, f"--set cameras.NAME.{'.'.join(keys[1:])}=…"), *keys[1:]]
    elif keys[0] == CAMERAS and len(keys) > 1 and keys[1] not in _cameras(root):
        raise ConfigurationError([_no_such_camera(root, keys[1], place)])
    return _put(root, keys, Entry(place, node or Scalar("", True, place)))


def override_source(root: Mapping, source: str, folder: Path) -> Mapping:
    """The tree with another source for its only camera. Raises ConfigurationError when there are several."""
    place = Place("--source", folder)
    if has_password(source):
        raise ConfigurationError([place.problem("", PASSWORD_SHOWN)])
    name = _only_camera(root, place, "--set cameras.NAME.source=…")
    return _put(root, [CAMERAS, name, "source"], Entry(place, Scalar(source, False, place)))


def _cameras(root: Mapping) -> tuple[str, ...]:
    entry = root.entries.get(CAMERAS)
    return tuple(entry.node.entries) if entry is not None and isinstance(entry.node, Mapping) else ()


def _only_camera(root: Mapping, place: Place, instead: str) -> str:
    names = _cameras(root)
    if len(names) == 1:
        return names[0]
    if not names:
        raise ConfigurationError([place.problem(CAMERAS, "there is no camera in the file; add one under cameras")])
    text = f"which camera? the file has {', '.join(names)}; use {instead}"
    raise ConfigurationError([place.problem(CAMERAS, text)])


def _no_such_camera(root: Mapping, name: str, place: Place) -> Problem:
    names = _cameras(root)
    meant = nearest(name, names)
    text = "no camera of that name" + (f"; did you mean {meant}?" if meant else ";")
    return place.problem(join(CAMERAS, name), f"{text} in the file: {', '.join(names) or 'none'}")


def _put(mapping: Mapping, keys: list[str], entry: Entry) -> Mapping:
    key, *rest = keys
    if rest:
        known = mapping.entries.get(key)
        if known is None or (isinstance(known.node, Scalar) and known.node.empty):
            known = Entry(entry.place, Mapping({}, entry.place))
        if not isinstance(known.node, Mapping):
            raise ConfigurationError([entry.place.problem(key, f"has no settings of its own; {_FORM}")])
        entry = Entry(known.place, _put(known.node, rest, entry))
    return replace(mapping, entries={**mapping.entries, key: entry})
