"""Keep outs out of git, as DVC does."""

from collections.abc import Iterable, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

from include.pipeline.git.listing import ignored_of


def ignore(stages: Iterable[Any], already: Set[str]) -> None:
    """Keep the outs of stages out of git, as DVC does where it runs or restores them."""
    from dvc.exceptions import DvcException

    for out in (out for stage in stages for out in stage.outs if out.use_cache):
        if out.fs_path not in already:
            with suppress(DvcException):  # git tracks it
                out.ignore()


def ignored(stages: Iterable[Any]) -> set[str]:
    """The outs that git ignores: DVC would ask for one after the other."""
    return ignored_of(Path.cwd(), [out.fs_path for stage in stages for out in stage.outs])
