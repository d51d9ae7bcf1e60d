"""Build a bento with BentoML, and pack it so that the same content is the same file."""

import errno
import lzma
import os
import subprocess
import sys
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from include.errors import PipelineError

# What include/serving imports, and what uvicorn is quicker with; a model names its own besides.
PACKAGES = (
    *("bentoml", "numpy", "polars", "prometheus-client", "pydantic", "starlette"),
    *("httptools", "uvloop"),
)
# What comes of reading a file that is no bento, or is cut.
UNREADABLE = (tarfile.TarError, lzma.LZMAError, EOFError)
README = """# {name}:{version}

{about} Members: {members}.

    export LEEWAY_SERVE_TOKEN=$(openssl rand -hex 32); echo "The token is $LEEWAY_SERVE_TOKEN"
    bentoml serve --host 127.0.0.1 {name}:{version}

and, from another terminal, with that token:

    curl --header "Authorization: Bearer TOKEN" http://127.0.0.1:3000/schema

- `POST /predict/features`: a JSON list of objects that hold every feature by name; null is "not
  known". `GET /openapi.json` says what else may be asked, and how.
- `GET /schema`: the features with meaning, unit and kind, and when they are known.
- `GET /metrics`; and without a token `GET /readyz` and `GET /livez`.
"""


def bento_of(source: Path, home: Path, manifest: dict[str, Any], service: str, about: str) -> Path:
    """Let BentoML build `source`, in a store of its own.

    Args:
        service: the class that BentoML runs, as package.module:Class.
        about: a sentence that says what the model answers.

    Returns:
        The folder of the bento.

    Raises:
        PipelineError: BentoML refused.
    """
    name, version = str(manifest["name"]), str(manifest["version"])
    config = bentofile(manifest, service, about)
    (source / "bentofile.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "bentoml", "build", "--version", version]
    done = subprocess.run(
        command,
        cwd=source,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    built = home / "bentos" / name / version
    if done.returncode or not built.is_dir():
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        if "No space left" in lines[-1]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(home))
        what = f"`bentoml build` ended with {done.returncode}: {lines[-1]}"
        raise PipelineError(what, "run `make setup`; if that does not help, report it.")
    return built


def bentofile(manifest: dict[str, Any], service: str, about: str) -> dict[str, Any]:
    """What BentoML is told to build."""
    members = ", ".join(manifest["members"])
    return {
        "service": service,
        "name": str(manifest["name"]),
        "description": README.format(**{**manifest, "members": members, "about": about}),
        "labels": {key: manifest[key] for key in ("data_md5", "code_sha256")},
        "include": ["include/", "model/"],
        # The versions are exact already: to resolve them again takes the network, and 20 s.
        "python": {
            "packages": without_bentoml(manifest["requirements"]),
            "lock_packages": False,
        },
        "docker": {"python_version": f"{sys.version_info.major}.{sys.version_info.minor}"},
    }


def environment(home: Path) -> dict[str, str]:
    """An environment in which BentoML stays in `home`, and off the network."""
    tools = home / "tools"
    tools.mkdir(parents=True)
    # BentoML installs uv, by pip, into our environment, if it finds none: even to lock nothing.
    (tools / "uv").write_text("#!/bin/sh\necho 'nothing is to be resolved' >&2; exit 1\n")
    (tools / "uv").chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "BENTOML_HOME": str(home),
        "BENTOML_DO_NOT_TRACK": "true",
        "NO_COLOR": "1",
    }


def without_bentoml(packages: list[str]) -> list[str]:
    """All but BentoML, which adds itself in its own version."""
    return [package for package in packages if not package.startswith("bentoml==")]


def unpack(bento: Path, folder: Path, inside: str = "") -> None:
    """Unpack a bento file, or what is inside one of its folders: it raises what UNREADABLE has."""
    with tarfile.open(bento, "r:xz") as archive:
        held = [one for one in archive.getmembers() if one.name.startswith(inside)]
        archive.extractall(folder, held, filter="data")


def pack(built: Path, target: Path, moment: datetime) -> None:
    """Pack the bento into one file, as of `moment`, whoever packs it and wherever.

    An .xz of a .tar, as `bentoml import` expects of a .bento file. At the lowest preset: the
    trees shrink as well, in a fifth of the time.
    """
    stamp(built / "bento.yaml", moment)
    with (
        lzma.open(target, "wb", preset=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for path in sorted(built.rglob("*")):
            entry = tarfile.TarInfo(path.relative_to(built).as_posix())
            entry.mtime = int(moment.timestamp())
            if path.is_dir():
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
                continue
            entry.size = path.stat().st_size
            entry.mode = 0o755 if path.suffix == ".sh" else 0o644
            with path.open("rb") as file:
                archive.addfile(entry, file)


def stamp(path: Path, moment: datetime) -> None:
    """Write `moment` where BentoML put the time of the build."""
    info = yaml.safe_load(path.read_text())
    info["creation_time"] = moment
    path.write_text(yaml.safe_dump(info, sort_keys=False))
