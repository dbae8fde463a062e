"""A numbered series of picture files as a film: found, ordered, read as Frames, its names kept."""

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from filmcolor.errors import InputError
from filmcolor.film import ColorTags, FilmInfo, Frame
from filmcolor.video.picture import StillPicture
from filmcolor.video.picture_kind import picture_format
from filmcolor.video.still import read_still, still_suffix

_PATTERN = re.compile(r"%(?:0(\d{1,2}))?d|#+")
_NUMBERED = re.compile(r"(.*?)([0-9]+)([^0-9]*)", re.DOTALL)
_MOST_NAMED = 8  # gaps that a warning lists one by one
_BT601 = 6  # H.273 number of the weights that `still` uses


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSequence:
    """Files of one series in numeric order. warnings: the gaps. `numbers[i]` belongs to `files[i]`."""

    source: Path
    files: tuple[Path, ...]
    numbers: tuple[int, ...]
    warnings: tuple[str, ...] = ()

    def result(self, index: int, folder: Path) -> Path:
        """Return where the colored file `index` goes: same name and number, in `folder`."""
        file = self.files[index]
        return folder / f"{file.stem}{still_suffix(file)}"

    def pts(self, index: int) -> int:
        """Return the time of file `index` in frames from the first; a gap in numbers is one in time."""
        return self.numbers[index] - self.numbers[0]


def is_pattern(path: Path) -> bool:
    """Tell whether a file name is a pattern: one `%d`, `%05d` or run of `#` in it."""
    return len(_PATTERN.findall(path.name)) == 1


def find_sequence(path: Path) -> FileSequence | None:
    """Return the series that a pattern or a folder names; None for any other path or an empty folder.

    Raises InputError where a pattern fits no file, two files have one number, or a folder holds
    more than one series.
    """
    if path.is_dir():
        return _in_folder(path)
    if path.exists() or not is_pattern(path):
        return None
    matcher = _matcher(path.name)
    found: list[tuple[int, Path]] = []
    try:
        for file in path.parent.iterdir():
            match = matcher.fullmatch(file.name)
            if match is not None and file.is_file():
                found.append((int(match[1]), file))
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be listed: {error.strerror}") from error
    if not found:
        raise InputError(f"{path}: no file fits this pattern")
    return _ordered(path, found)


def read_pictures(
    sequence: FileSequence,
    max_pixels: int,
    *,
    warn: Callable[[str], None] | None = None,
    strict: bool = False,
) -> Generator[tuple[int, StillPicture], None, None]:
    """Yield index and picture of each readable file; one is held at a time.

    An unreadable file is skipped with a warning and leaves a hole in time (strict: InputError).
    Raises InputError where size or depth changes, a file has several pages, or none can be read.
    """
    warn = warn or _ignore
    first: StillPicture | None = None
    for index, file in enumerate(sequence.files):
        try:
            picture = read_still(file, max_pixels, strict=strict)
        except InputError as error:
            if strict:
                raise
            warn(f"damaged: frame {sequence.numbers[index]} is lost ({error})")
            continue
        for line in picture.warnings:
            warn(line)
        if len(picture.pages) > 1:
            raise InputError(f"{file}: has {len(picture.pages)} pages; a sequence has one picture a file")
        first = first or picture
        if picture.pages[0].shape != first.pages[0].shape or picture.bits != first.bits:
            raise InputError(
                f"{file}: is {_size(picture)}, but {first.path.name} is {_size(first)}; "
                "a sequence must keep one size and depth"
            )
        yield index, picture
    if first is None:
        raise InputError(f"{sequence.source}: none of its {len(sequence.files)} files can be read")


def read_frames(
    sequence: FileSequence,
    rate: Fraction,
    max_pixels: int,
    *,
    warn: Callable[[str], None] | None = None,
    strict: bool = False,
) -> Iterator[Frame]:
    """Yield each readable file as a Frame: full-range luma, time in units of 1/rate. Raises InputError."""
    for index, picture in read_pictures(sequence, max_pixels, warn=warn, strict=strict):
        yield frame_of(picture, sequence.pts(index), rate)


def frame_of(picture: StillPicture, pts: int, rate: Fraction) -> Frame:
    """Return the one page of a picture as a Frame that shows for 1/rate seconds from pts on."""
    return Frame(
        luma=picture.pages[0], alpha=picture.alphas[0], pts=pts, time_base=1 / Fraction(rate), duration=1
    )


def sequence_info(sequence: FileSequence, rate: Fraction, first: StillPicture) -> FilmInfo:
    """Return what a stage asks of a film; `first` is the first readable picture."""
    height, width = first.pages[0].shape
    span = sequence.numbers[-1] - sequence.numbers[0] + 1
    return FilmInfo(
        path=sequence.source,
        container="sequence",
        stream=0,
        codec=first.format.lower(),
        width=width,
        height=height,
        pixel_format="gray" if first.bits == 8 else f"gray{first.bits}le",
        bits=first.bits,
        subsampling=(0, 0),
        tags=ColorTags(matrix=_BT601, full_range=True, range_tagged=True),
        time_base=1 / Fraction(rate),
        rate=Fraction(rate),
        aspect=Fraction(1),
        rotation=first.rotation,
        has_alpha=first.alphas[0] is not None,
        is_rgb=True,
        frames=len(sequence.files),
        duration=span / Fraction(rate),
        warnings=sequence.warnings,
    )


def _in_folder(folder: Path) -> FileSequence | None:
    """Return the one series of pictures in a folder; files that are no pictures are not asked."""
    series: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    try:
        names = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed: {error.strerror}") from error
    for file in names:
        match = _NUMBERED.fullmatch(file.stem)
        if match is None or file.name.startswith(".") or not file.is_file():
            continue
        # the last run of digits counts: "reel2_scan_0001" is frame 1
        series.setdefault((match[1], match[3] + file.suffix), []).append((int(match[2]), file))
    pictures = {key: files for key, files in series.items() if any(picture_format(f) for _, f in files)}
    if not pictures:
        return None
    if len(pictures) > 1:
        shown = ", ".join(f"{before}%d{after}" for before, after in sorted(pictures)[:3])
        raise InputError(
            f"{folder}: holds {len(pictures)} series of pictures ({shown}); give one as a pattern"
        )
    ((_, files),) = pictures.items()
    return _ordered(folder, files)


def _ordered(source: Path, found: list[tuple[int, Path]]) -> FileSequence:
    found = sorted(found)
    for (number, file), (following, other) in pairwise(found):
        if number == following:
            raise InputError(f"{source}: {file.name} and {other.name} have the same number")
    numbers = tuple(number for number, _ in found)
    return FileSequence(
        source=source,
        files=tuple(file for _, file in found),
        numbers=numbers,
        warnings=_gaps(source, numbers),
    )


def _gaps(source: Path, numbers: tuple[int, ...]) -> tuple[str, ...]:
    holes = [(a + 1, b - 1) for a, b in pairwise(numbers) if b > a + 1]
    if not holes:
        return ()
    missing = sum(last - first + 1 for first, last in holes)
    named = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in holes[:_MOST_NAMED])
    more = f" and {len(holes) - _MOST_NAMED} more gaps" if len(holes) > _MOST_NAMED else ""
    return (f"{source}: {missing} frames are missing from the sequence: {named}{more}",)


def _matcher(name: str) -> re.Pattern[str]:
    """Return an expression for the file names of a pattern; its group is the number."""
    match = _PATTERN.search(name)
    assert match is not None  # is_pattern was asked
    width = len(match[0]) if match[0].startswith("#") else int(match[1] or 0)
    # a number of more digits than the pattern's width is written without padding, as printf does
    digits = rf"([0-9]{{{width}}}|[1-9][0-9]{{{width},}})" if width else "([0-9]+)"
    return re.compile(re.escape(name[: match.start()]) + digits + re.escape(name[match.end() :]))


def _size(picture: StillPicture) -> str:
    height, width = picture.pages[0].shape
    return f"{width}x{height} of {picture.bits} bit"


def _ignore(line: str) -> None:
    del line
