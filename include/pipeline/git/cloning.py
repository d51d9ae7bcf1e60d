"""A clone that copies no object, with what its submodules and filters need."""

from pathlib import Path

from include.pipeline.git.command import git, objects_of, parts

LINK = "160000"  # the mode of a submodule, and of a repository inside another


def clone(top: Path, commit: str, folder: Path) -> dict[str, str]:
    """Clone without copying an object, at one commit, with what its submodules hold.

    Args:
        top: root of git's working tree.

    Returns:
        The paths of which the clone holds no more than the name: `lfs` or `submodule`, by path. A
        submodule that the repository does not hold stays empty, as in any clone.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    git(top, "clone", "--quiet", "--shared", "--no-checkout", str(top), str(folder))
    lent = folder / ".git/objects/info/alternates"
    if not lent.exists():  # git does not share a shallow repository, and the commit may be new
        lent.write_text(f"{objects_of(top)}\n")
    take_filters(top, folder)
    git(folder, "checkout", "--quiet", "--detach", commit)
    return hollow_modules(top, folder) | pointers(folder)


def hollow_modules(top: Path, folder: Path) -> dict[str, str]:
    """Fill submodules, and other repositories that a commit only points to; those left empty."""
    found: dict[str, str] = {}
    for path, held in modules(folder).items():
        inner = top / path
        if (inner / ".git").exists() and git(inner, "cat-file", "-t", held, check=False):
            found |= clone(inner, held, folder / path)
        else:
            found[str(folder / path)] = "submodule"
    return found


def modules(folder: Path, env: dict[str, str] | None = None) -> dict[str, str]:
    """The other repositories that git's index only points to, and their commits, by path."""
    listed = git(folder, "ls-files", "--stage", "-z", ":(top)", env=env).split("\0")
    entries = (entry.partition("\t") for entry in listed)
    return {path: about.split()[1] for about, _, path in entries if about.startswith(LINK)}


def take_filters(source: Path, folder: Path) -> None:
    """Let a clone read files as its source does: LFS and others are set up in a repository."""
    words = ("config", "--show-scope", "-z", "--get-regexp", r"^(filter|lfs)\.")
    held = git(source, *words, check=False).split("\0")
    pairs = zip(held[::2], (entry.partition("\n") for entry in held[1::2]), strict=False)
    for scope, (name, _, value) in pairs:
        if scope == "local":
            git(folder, "config", "--add", name, value)
        if name == "filter.lfs.smudge":
            place = git(source, "rev-parse", "--path-format=absolute", "--git-path", "lfs")
            git(folder, "config", "lfs.storage", place)


def pointers(folder: Path) -> dict[str, str]:
    """The files that LFS holds elsewhere: what is here only says where."""
    sign = b"version https://git-lfs.github.com/spec/"
    found = parts(folder, "ls-files", "-z", "--", ":(top,attr:filter=lfs)")
    return {str(folder / path): "lfs" for path in found if begins(folder / path, sign)}


def begins(path: Path, sign: bytes) -> bool:
    """Whether a file begins with some bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(sign)) == sign
