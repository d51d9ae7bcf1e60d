"""Which models the registry says are live."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.asking import ask
from include.pipeline.git.command import command
from include.pipeline.orders import Describe
from include.pipeline.registry.declared import artifacts
from include.pipeline.registry.tags import Registry, Version, patterns
from include.pipeline.registry.unnamed import only_one

FETCH_S = 5.0  # so that what is promoted here is served within ten seconds all the same


@dataclass(frozen=True)
class Wanted:
    """A version that is live, and the file that it is."""

    version: str  # as v0.0.3
    md5: str  # as DVC has it


def file_of(registry: Registry, version: Version) -> Wanted:
    """The file of a version: as its tag says, or as DVC says where gto made the tag.

    Raises:
        PipelineError: nobody knows.
    """
    made = registry.made(version)
    if "hash" not in made:
        made = ask(registry.repo, Describe(version.commit, registry.artifact), workspace=False)
    return Wanted(version.name, str(made["hash"]))


def fetch(repo: Path, artifact: str, remote: str) -> str:
    """Bring the tags of an artifact from a remote; why that failed, or nothing."""
    specs = [f"+{pattern}:{pattern}" for pattern in patterns(artifact)]
    words = command(repo, "fetch", "--quiet", "--no-tags", "--", remote, *specs)
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=FETCH_S)
    except subprocess.TimeoutExpired:
        return f"it did not answer within {FETCH_S} s"
    said = done.stderr.strip().splitlines() or ["git said nothing"]
    return said[-1] if done.returncode else ""


def artifact_of(repo: Path, named: str) -> str:
    """The artifact to serve: the one that is named, or the only one that may be meant.

    Raises:
        PipelineError: there is none, or there are several.
    """
    found = artifacts(repo)
    meant = named or only_one(found)
    if meant in found:
        return meant
    if named:
        what = f"{repo} declares no artifact {named!r}.{did_you_mean(named, found)}"
    else:
        what = f"{repo} declares {len(found) or 'no'} artifacts, of which one is to be served."
    fix = f"name one of {at_most_ten(found)}" if found else "add one to dvc.yaml under `artifacts:`"
    raise PipelineError(what, f"{fix}: --artifact NAME, or LEEWAY_SERVE_ARTIFACT.")
