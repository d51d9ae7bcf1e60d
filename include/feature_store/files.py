"""Which files a location names: a Parquet file, a folder of them, or a pattern."""

import fnmatch
import os
import re
from datetime import date
from pathlib import Path
from urllib.parse import unquote

from include.errors import DataError

SUFFIX = ".parquet"
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # what Hive names the folder of the nulls


def resolve(location: str, base: Path | None) -> str:
    """A path relative to `base`; a URL as it is."""
    return location if "://" in location or base is None else str(base / location)


def is_pattern(path: Path) -> bool:
    """Whether a path names files by * ? [ ] and not by a name that is there."""
    return not path.exists() and any(sign in str(path) for sign in "*?[")


def files(path: Path) -> list[Path]:
    """The Parquet files that a path, a folder or a pattern names, in the order of their names.

    Raises:
        DataError: there is none.
    """
    named = expand(path)
    found = sorted({file for hit in named for file in (below(hit) if hit.is_dir() else [hit])})
    found = [file for file in found if file.suffix.lower() == SUFFIX] or found
    if not found:
        what = "matches no file" if is_pattern(path) else "does not exist"
        what = f"holds no {SUFFIX} file" if path.is_dir() else what
        raise DataError(f"{path} {what}.", "run `dvc repro`, which makes it, or `dvc pull` it.")
    return found


def below(folder: Path) -> list[Path]:
    """The Parquet files in a folder and below it, but for what is hidden and in `_temporary`."""
    shown = [path for path in folder.iterdir() if not path.name.startswith(".")]
    found = [path for path in shown if path.suffix.lower() == SUFFIX and not path.is_dir()]
    inner = [path for path in shown if path.is_dir() and not path.name.startswith("_")]
    return [*found, *(file for path in inner for file in below(path))]


def expand(path: Path) -> list[Path]:
    """What a path names. A name that is there is no pattern, even with brackets in it."""
    found = [Path(path.anchor)]
    for name in path.parts[1:] if path.anchor else path.parts:
        found = [hit for folder in found for hit in step(folder, name)]
    return found


def step(folder: Path, name: str) -> list[Path]:
    """What a name or pattern stands for in one folder; `**` is the folder and all below it."""
    if (folder / name).exists():
        return [folder / name]
    if name == "**":
        return [folder, *(hit for hit in folders(folder) for hit in step(hit, name))]
    if not folder.is_dir() or not any(sign in name for sign in "*?["):
        return []
    return [folder / held for held in os.listdir(folder) if fnmatch.fnmatchcase(held, name)]


def folders(folder: Path) -> list[Path]:
    """The folders in a folder, but for hidden ones."""
    held = folder.iterdir() if folder.is_dir() else ()
    return [path for path in held if path.is_dir() and not path.name.startswith(".")]


def partition(file: Path) -> dict[str, object]:
    """The values that a file has by the names of its folders, as Hive writes them: month=1."""
    return {
        name: value_of(unquote(text))
        for name, sign, text in (part.partition("=") for part in file.parent.parts)
        if sign and name
    }


def value_of(text: str) -> object:
    """A whole number, a date or a text; none for Hive's name of it."""
    if re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return None if text == NO_VALUE else text
