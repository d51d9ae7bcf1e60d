"""Which files that nobody committed are in a snapshot of the working tree: those that stages need.

A folder in which somebody works holds more than a pipeline needs, `.env` and keys among it, and a
snapshot may travel: to other workers, and into an experiment that is pushed. So a file that git
does not track is taken if a stage needs it, and it does not look like a secret.
"""

import ast
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from include.pipeline.graph import Plan, Stage

DVC = ("dvc.yaml", "dvc.lock", "*.dvc", ".dvcignore", ".gitignore", ".gitattributes")

SECRET_NAMES = (
    *(".env*", "*.env", "*.env.*", "*.key", "*.pem", "*.p8", "*.p12", "*.pfx", "*.jks", "*.kdbx"),
    *(
        "*.keystore",
        "*.gpg",
        "*.asc",
        "*.ovpn",
        "id_*",
        "*_rsa",
        "*_ed25519",
        "*.ppk",
        "deploy_key",
    ),
    *(".netrc", "_netrc", ".pgpass", ".my.cnf", ".pypirc", ".npmrc", ".git-credentials", ".s3cfg"),
    *(".boto", ".dockercfg", ".htpasswd", "*.tfstate", "*.tfvars", "kubeconfig", "kaggle.json"),
    *("credentials", "credentials.*", "*_credentials.json", "secret", "secret.*", "secrets"),
    *("secrets.*", "*service[-_]account*.json", "client_secret*.json", ".vault-token"),
)

SECRET_FOLDERS = {".ssh", ".aws", ".gnupg", ".kube", ".docker", ".azure"}

SECRET_TEXTS = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY|PuTTY-User-Key-File"
    rb"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS
    rb"|(?i:secret_access_key)[\"']?\s*[=:]\s*[\"']?[\w/+=]{9}"
    rb"|\bAccountKey=[\w/+=]{40}|\bsk_live_\w{16}|\bhooks\.slack\.com/services/T\w+/B\w+/\w"
    rb"|\bnpm_\w{36}|\bpypi-AgEI\w|\bSG\.[\w-]{22}\.[\w-]{43}|\bGOCSPX-[\w-]{20}"
    rb"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{20}"  # a token as JSON
    rb"|\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_\w{50}|\bglpat-[\w-]{20}"
    rb"|\bxox[abprs]-[\w-]{10}|\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32}|\bhf_[A-Za-z0-9]{30}"
    rb"|\bAIza[\w-]{35}|\"type\":\s*\"service_account\""  # Google
    rb"|\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:[^\s/@'\"$<{]{4,}@",  # a URL with a password
)

SHELL = (".sh", ".bash")

LARGEST = 5_000_000  # bytes of a file that is looked through; keys are small

WORD = re.compile(r"[^\s'\"=;|&<>(){}]+")

MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+", re.ASCII)

SECRET = "git does not hold it, and it looks like a secret"

UNASKED = "git does not hold it, and no such file is pushed unasked"


@dataclass(frozen=True)
class Chosen:
    """What a snapshot takes of the files that git does not track."""

    taken: tuple[str, ...]
    left: dict[str, str]  # files that a stage needs, but that are not taken, and why


def choose(
    top: Path,
    below: str,
    plan: Plan,
    found: Sequence[str],
    staged: Sequence[str],
    *,
    travels: bool,
) -> Chosen:
    """The new files of a snapshot.

    Args:
        top: root of git's working tree.
        below: where it holds the DVC repository; empty at its root.
        found: files that git does not track, and does not ignore, as seen from there.
        staged: files that somebody wants to commit, but has not; all are taken but secrets.
        travels: whether the snapshot is pushed to a server, and nobody asked for these files.
    """
    repo = top / below

    def seen(path: str) -> str:
        """A path of the DVC repository, as seen from git's root."""
        return os.path.relpath(os.path.normpath(repo / path), top)

    outs = [out.path for stage in plan.stages for out in stage.outs if out.cached]
    made = [seen(path) for path in ("dvc_plots", *outs)]
    free = [path for path in found if not within(path, made)]
    read = [seen(path) for path in paths_read(plan, repo)]
    wanted = [path for path in free if is_of_dvc(path) or within(path, read)]
    rest = [path for path in free if path.endswith(".py") and path not in wanted]
    if rest:
        run = {os.path.relpath(file, top) for file in imported(repo, plan, [top])}
        wanted += [path for path in rest if path in run]
    asked = [*wanted, *staged]
    left = {path: SECRET for path in asked if is_secret(top / path) or is_in_secret_folder(path)}
    if travels:
        left |= {path: UNASKED for path in wanted if path not in left}
    return Chosen(tuple(sorted(set(asked) - left.keys())), left)


def is_of_dvc(path: str) -> bool:
    """Whether a file is one by which DVC and git know what there is."""
    return any(fnmatch(Path(path).name, pattern) for pattern in DVC)


def paths_read(plan: Plan, repo: Path) -> Iterator[str]:
    """The files and folders that stages read by the word of dvc.yaml."""
    yield from plan.values
    for stage in plan.stages:
        yield from stage.deps
        yield from (name.rpartition(":")[0] for name in stage.params)
        yield from (os.path.join(stage.wdir, word) for word in named_by(stage, repo))


def named_by(stage: Stage, repo: Path) -> list[str]:
    """What a command names, and the files that the shell scripts among them name in turn."""
    found = words(stage.cmd)
    for word in found:  # which grows
        path = repo / stage.wdir / word
        if path.suffix in SHELL and path.is_file() and path.stat().st_size <= LARGEST:
            inner = words(path.read_text(errors="replace"))
            inner = [one for one in dict.fromkeys(inner) if one not in found]
            found += [one for one in inner if (repo / stage.wdir / one).is_file()]
    return found


def words(cmd: str) -> list[str]:
    """What a command names, and may be a file or a folder."""
    return [word for word in WORD.findall(cmd) if word.strip("./") and not word.startswith("-")]


def within(path: str, places: Iterable[str]) -> bool:
    """Whether a path is one of some places, or in one; a folder that git does not look into ends
    with a slash, and is one if it holds one."""
    for place in places:
        if path.rstrip("/") == place or path.startswith(f"{place}/"):
            return True
        if path.endswith("/") and place.startswith(path):
            return True
    return False


def is_secret(path: Path) -> bool:
    """Whether a file looks like one that nobody may read, by its name or by what it holds."""
    if any(fnmatch(path.name.lower(), pattern) for pattern in SECRET_NAMES):
        return True
    if not path.is_file() or path.stat().st_size > LARGEST:
        return False
    return SECRET_TEXTS.search(path.read_bytes()) is not None


def is_in_secret_folder(path: str) -> bool:
    """Whether programs keep their logins in a folder around a path."""
    return not SECRET_FOLDERS.isdisjoint(path.split("/")[:-1])


def imported(repo: Path, plan: Plan, above: Sequence[Path] = ()) -> set[Path]:
    """The Python files of the repository that stages run, and all that these import.

    Args:
        above: folders above it from which Python may import.
    """
    seen, waiting = set[Path](), list(started(repo, plan))
    bases = [repo, repo / "src", *dict.fromkeys(repo / stage.wdir for stage in plan.stages), *above]
    bases = list(dict.fromkeys(map(Path, map(os.path.normpath, bases))))
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += imports(file, bases)
    return seen


def started(repo: Path, plan: Plan) -> Iterator[Path]:
    """The Python files that stages name, as deps or in their commands."""
    repo = repo.resolve()
    for stage in plan.stages:
        named = named_by(stage, repo)
        modules = (word.replace(".", "/") for word in named)
        paths = [repo / dep for dep in stage.deps]
        paths += [repo / stage.wdir / word for word in named]
        for module in modules:
            paths += [
                repo / stage.wdir / f"{module}.py",
                repo / stage.wdir / module / "__main__.py",
            ]
        for path in paths:
            if path.is_dir() and path.resolve().is_relative_to(repo) and path.resolve() != repo:
                yield from path.rglob("*.py")
            elif path.suffix == ".py" and path.is_file():
                yield path


def imports(file: Path, bases: Sequence[Path]) -> list[Path]:
    """The files that a Python file imports, each with the packages around it.

    A text in it may be the name of a module, as for `importlib`.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return []
    found: list[Path] = []
    bases = [*bases, file.parent]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found += modules(bases, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            parts = node.module.split(".") if node.module else []
            near = [file.parents[node.level - 1]] if 0 < node.level <= len(file.parents) else bases
            for alias in node.names:
                found += modules(near, [*parts, alias.name])
        elif isinstance(node, ast.Constant) and MODULE.fullmatch(str(node.value)):
            found += modules(bases, str(node.value).split("."))
    return found


def modules(bases: Collection[Path], parts: Sequence[str]) -> list[Path]:
    """The files of a module, and of the packages that it is in."""
    found = []
    for base in bases:
        for count in range(len(parts) + 1):
            place = base.joinpath(*parts[:count])
            found += [place / "__init__.py", *([place.with_suffix(".py")] if count else [])]
    return [path for path in dict.fromkeys(found) if path.is_file()]
