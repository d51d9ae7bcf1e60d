"""Where DVC keeps what it knows of the files of a repository.

By itself it takes /var/tmp/dvc, a folder in which all users of the machine may write.
"""

import os
from contextlib import suppress
from pathlib import Path

NAME = "DVC_SITE_CACHE_DIR"


def site_cache(folder: Path) -> dict[str, str]:
    """The variable for DVC in a repository or workspace, unless the environment has it.

    It is in .git, where no step in a container may write, and goes with the workspace. A worktree
    has no folder of that name.
    """
    if os.environ.get(NAME):
        return {}
    folder = folder.resolve()
    own = [top / ".git" / "leeway" for top in (folder, *folder.parents) if (top / ".git").is_dir()]
    own += [folder / ".dvc" / "tmp"] if (folder / ".dvc").is_dir() else []
    for place in own[:1]:
        with suppress(PermissionError):  # DVC cannot write there either
            place.mkdir(parents=True, exist_ok=True)
            (place / "site-cache").mkdir(mode=0o700, exist_ok=True)
            return {NAME: str(place / "site-cache")}
    return {}
