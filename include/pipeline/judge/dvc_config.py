"""The DVC settings of a workspace: those of its repository, as DVC reads them. In a DVC process."""

import os
from pathlib import Path
from typing import Any

from include.pipeline.orders import Settings


def take_over(repo: Path, folder: Path) -> Settings:
    """Give a workspace all that DVC's settings say in its repository, and its cache.

    System, global and local settings are this machine's; those that are in git are the run's. Paths
    in them are meant from where they stand in the repository, and are written in full.

    Returns:
        Where the cache is, and whether there is a remote by default.
    """
    from configobj import ConfigObj
    from dvc.config import Config, _pack_named, merge

    theirs = Config(str(repo / ".dvc"), validate=False)
    held: dict[str, Any] = {}
    for level in ("system", "global"):
        merge(held, theirs.load_one(level))
    if (folder / ".dvc" / "config").exists():
        committed = Config.load_file(str(folder / ".dvc" / "config"))
        merge(held, Config._load_paths(committed, str(repo / ".dvc" / "config")))
    merge(held, theirs.load_one("local"))
    held["cache"].setdefault("dir", str(repo / ".dvc" / "cache"))
    held["cache"]["type"] = link_types(held["cache"].get("type"))
    before = os.umask(0o077)  # a remote's credentials may be in it
    try:
        with open(folder / ".dvc" / "config.local", "wb") as file:
            # DVC's own writer takes no letter beyond ASCII, as a path may have; its reader does.
            ConfigObj(_pack_named(plain(held)), encoding="utf-8").write(file)
    finally:
        os.umask(before)
    remote = held["core"].get("remote")
    return Settings(str(Path(held["cache"]["dir"]).resolve()), bool(remote))


def link_types(asked: str | list[str] | None) -> str:
    """How files of the cache come into a workspace: as asked, by DVC's default else.

    A link is read-only, but not for root: what a step wrote would be written into the cache.
    """
    given = asked.split(",") if isinstance(asked, str) else asked or ["reflink", "copy"]
    types = [name.strip() for name in given]
    safe = [name for name in types if name in ("reflink", "copy")]
    return ",".join(types if os.geteuid() else safe or ["copy"])


def plain(held: Any) -> Any:
    """Settings whose paths are texts: DVC would write its own kinds as they were."""
    if isinstance(held, dict):
        return {name: plain(value) for name, value in held.items()}
    if isinstance(held, list):
        return [plain(value) for value in held]
    return str(held) if isinstance(held, str) else held
