"""Which package indexes this machine uses: what pip is told, in files and in the environment."""

import configparser
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from include.errors import ParamsError

SECTIONS = ("global", "download", "install")  # the later ones win, as in pip
NAMES = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert")


@dataclass(frozen=True)
class Indexes:
    """Where packages are looked for."""

    urls: tuple[str, ...]
    find_links: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    certificates: str | None = None  # file of those that are trusted


def read_indexes(environment: Mapping[str, str] | None = None) -> Indexes:
    """What pip would use: each place is stronger than the one before, and the environment most.

    Args:
        environment: the variables; those of this process if it is left out.
    """
    told = os.environ if environment is None else environment
    found: dict[str, str] = {}
    for path in files(told):
        found.update(settings_in(path))
    for name in NAMES:
        value = told.get(f"PIP_{name.upper().replace('-', '_')}")
        if value:
            found[name] = value
    alone = found.get("no-index", "").lower() in ("1", "true", "yes", "on")
    first = found["index-url"] if "index-url" in found else default()
    urls = [first, *found.get("extra-index-url", "").split()]
    return Indexes(
        urls=() if alone else tuple(url.rstrip("/") for url in urls),
        find_links=tuple(found.get("find-links", "").split()),
        trusted_hosts=tuple(found.get("trusted-host", "").split()),
        certificates=found.get("cert"),
    )


def default() -> str:
    """The index that is asked where none is named: unearth has the same one as pip."""
    from unearth import PackageFinder

    [source] = PackageFinder().sources
    return str(source["url"])


def files(environment: Mapping[str, str]) -> list[Path]:
    """The files of settings that pip reads on Linux and macOS, the strongest last."""
    home = Path(environment.get("HOME") or "/nonexistent")
    system = environment.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    return [
        *(Path(folder) / "pip/pip.conf" for folder in reversed(system.split(os.pathsep))),
        Path("/etc/pip.conf"),
        home / ".pip/pip.conf",
        Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf",
        Path(sys.prefix) / "pip.conf",
        *([Path(named)] if named else []),
    ]


def settings_in(path: Path) -> dict[str, str]:
    """The settings of one file; none if it is not there.

    Raises:
        ParamsError: it cannot be read, or is not such a file.
    """
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ParamsError(
            f"{path} is not a file of pip's settings: {problem}.", "mend it."
        ) from None
    found: dict[str, str] = {}
    for section in SECTIONS:
        if parser.has_section(section):
            found.update({name.replace("_", "-"): value for name, value in parser.items(section)})
    return {name: value for name, value in found.items() if name in NAMES}
