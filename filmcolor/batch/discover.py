"""Folders, globs, files and manifests -> the sources of a vault, in order; nothing is opened but folders and manifests."""

import glob
import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from filmcolor.batch.manifest import read_manifest
from filmcolor.batch.order import Vault, Wanted
from filmcolor.errors import InputError, OutputError

MANIFESTS = (".toml", ".csv")
FILMS = frozenset(
    [
        ".3g2",
        ".3gp",
        ".asf",
        ".avi",
        ".avs",
        ".divx",
        ".dv",
        ".f4v",
        ".flv",
        ".gxf",
        ".h264",
        ".h265",
        ".hevc",
        ".ivf",
        ".m1v",
        ".m2t",
        ".m2ts",
        ".m2v",
        ".m4v",
        ".mj2",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpe",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".nut",
        ".obu",
        ".ogm",
        ".ogv",
        ".qt",
        ".rm",
        ".rmvb",
        ".ts",
        ".vob",
        ".webm",
        ".wmv",
        ".y4m",
    ]
)
PICTURES = frozenset(
    [
        ".bmp",
        ".dib",
        ".gif",
        ".jfif",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".png",
        ".pnm",
        ".ppm",
        ".pgm",
        ".pbm",
        ".tif",
        ".tiff",
        ".webp",
        ".dpx",
    ]
)
_NUMBERED = re.compile(r"\d+\.dpx$", re.IGNORECASE)
_LEAST_PICTURES = 3  # numbered DPX files that make a folder a film


def discover(
    sources: Sequence[str], out: Path, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Vault:
    """Return what the sources name.

    sources: folders (searched through, links followed once), files, glob patterns, or manifests (.toml, .csv).
    out: where the results go. include, exclude: patterns on names or paths within a folder; a file stays that
    matches one of `include` (if there are any) and none of `exclude`. Hidden files, and files whose name is no
    film's and no picture's, are left out; a folder of numbered DPX is one film. Raises InputError for a source
    that is not there, for one named twice and for a manifest's mistakes, OutputError where OUT lies inside a source.
    """
    found: list[Wanted] = []
    problems: list[str] = []
    notes: list[str] = []
    ignored = 0
    folders = [s for s in sources if Path(s).is_dir()]
    for source in sources:
        path = Path(source)
        if path.is_dir():
            _refuse_inside(path, out)
            root = Path(path.resolve().name) if len(folders) > 1 else Path()
            for each in _walk(path, problems, notes):
                if each is None:
                    ignored += 1
                    continue
                inside = each.relative_to(path)
                if _chosen(inside, include, exclude):
                    found.append(Wanted(_absolute(each), root / inside, origin=f"folder {source}"))
        elif path.suffix.lower() in MANIFESTS and path.is_file():
            found += read_manifest(path, out)
        elif os.path.lexists(path):
            found.append(Wanted(_absolute(path), Path(path.name), origin=f"{source}"))
        elif glob.has_magic(source):
            matches = sorted(m for m in glob.glob(source, recursive=True) if Path(m).is_file())  # noqa: PTH207
            base = Path(*_fixed(source))
            for match in matches:
                inside = Path(match).relative_to(base)
                if _chosen(inside, include, exclude):
                    found.append(Wanted(_absolute(Path(match)), inside, origin=f"pattern {source}"))
            if not matches:
                raise InputError(f"{source}: matches no file")
        else:
            raise InputError(f"{source}: no such file or folder")
    _refuse_twice(found)
    return Vault(tuple(found), tuple(problems), tuple(notes), ignored)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the links that a vault is made of


def _refuse_inside(source: Path, out: Path) -> None:
    where, root = out.resolve(), source.resolve()
    if where == root:
        raise OutputError(f"{out}: is the folder of the sources; choose another -o")
    if root in where.parents:
        raise OutputError(
            f"{out}: lies inside the source {source}, where it would be colored again; choose another -o"
        )


def _walk(root: Path, problems: list[str], notes: list[str]) -> Iterator[Path | None]:
    """Yield files in order, folders of numbered DPX as one, and None for each file that is left out."""
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            problems.append(f"{folder}: cannot read this folder: {error.strerror or error}")
            continue
        if (status.st_dev, status.st_ino) in seen:
            notes.append(f"{folder}: a link leads back to a folder that was searched already; left out")
            continue
        seen.add((status.st_dev, status.st_ino))
        visible = [entry for entry in entries if not entry.name.startswith(".")]
        if sum(_NUMBERED.search(entry.name) is not None for entry in visible) >= _LEAST_PICTURES:
            yield folder
            continue
        below: list[Path] = []
        for entry in visible:
            path = folder / entry.name
            if _is_folder(entry, notes):
                below.append(path)
            elif path.suffix.lower() in FILMS or path.suffix.lower() in PICTURES:
                yield path
            else:
                yield None
        waiting += reversed(below)


def _is_folder(entry: os.DirEntry[str], notes: list[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:  # a link to itself
        notes.append(f"{entry.path}: cannot follow this link: {error.strerror or error}")
        return False


def _fixed(pattern: str) -> Iterator[str]:
    """Yield the parts of a glob pattern before the first that has magic."""
    for part in Path(pattern).parts:
        if glob.has_magic(part):
            return
        yield part


def _chosen(inside: Path, include: Sequence[str], exclude: Sequence[str]) -> bool:
    def fits(patterns: Sequence[str]) -> bool:
        return any(fnmatch(inside.name, p) or fnmatch(inside.as_posix(), p) for p in patterns)

    return (not include or fits(include)) and not fits(exclude)


def _refuse_twice(found: Sequence[Wanted]) -> None:
    known: dict[Path, Wanted] = {}
    for wanted in found:
        first = known.setdefault(wanted.source, wanted)
        if first is not wanted:
            raise InputError(
                f"{wanted.source}: named twice, by {first.origin} and by {wanted.origin}; name it once"
            )


def shard_of(found: Sequence[Wanted], index: int, count: int) -> tuple[Wanted, ...]:
    """Return the part of a vault that shard `index` of `count` (from 1) does: every count-th, in order of names.

    Shards need not talk to each other: all see the same files and so the same order.
    """
    ordered = sorted(found, key=lambda wanted: os.fsencode(str(wanted.source)))
    return tuple(ordered[index - 1 :: count])
