"""The versions that a run takes: those that are live as it begins, or those that it took before.

A run takes them once. Tried again, or cleared after it was closed, it has what it had: its
workspace, the git server or its experiment holds it, beside all other values of the run.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from include.errors import ParamsError, PipelineError
from include.pipeline.apart import RUN, Place, run_in
from include.pipeline.asking import ask
from include.pipeline.closing.experiment import refs_of
from include.pipeline.git.command import git
from include.pipeline.git.refs import refs_in
from include.pipeline.names import run_name
from include.pipeline.orders import Locate
from include.pipeline.params_file import at, located
from include.pipeline.plan import load
from include.pipeline.registry.pinned import LIVE, NONE, PARTS, Pin, pinned
from include.pipeline.registry.tags import Registry, read
from include.pipeline.registry.turns import fetched, remote_of
from include.pipeline.reproduce import Log
from include.pipeline.workspace import run_of

Values = Mapping[str, object]


def with_live(
    place: Place, values: Values, live: Mapping[str, str], log: Log = print
) -> dict[str, object]:
    """The values of a run, with the whole of each version that it takes.

    Args:
        values: where they name a version, that one is taken.
        live: sections of files of params, each with ARTIFACT@STAGE.

    Raises:
        PipelineError: there is no such version, or its commit has not made the artifact.
        ParamsError: a commit or hash is given that is not that of the version.
    """
    found = dict(values)
    for section, named in live.items():
        given = {part: str(values.get(f"{section}.{part}", NONE)) for part in PARTS}
        wanted = str(values.get(f"{section}.version", LIVE))
        pin = next((had for had in before(place, section) if wanted in (LIVE, had.version)), None)
        said = "as this run took it before"
        if pin is None:
            pin, said = taken(place, named, wanted, log)
        for part in PARTS[1:]:
            if given[part] not in (NONE, getattr(pin, part)):
                what = f"The run sets {section}.{part} to {given[part]!r}, and that of "
                what += f"{pin.version} is {getattr(pin, part)!r}."
                raise ParamsError(what, f"trigger a new run without {section}.{part}.")
        log(f"{section} is {pin.version}, {said}")
        found |= {f"{section}.{part}": getattr(pin, part) for part in PARTS}
    return found


def taken(place: Place, named: str, wanted: str, log: Log) -> tuple[Pin, str]:
    """The version that a run begins with, and why that one."""
    artifact, _, stage = named.rpartition("@")
    if wanted == NONE:
        return Pin(), "as the run says"
    registry, said = known(place, artifact, log), "as the run says"
    if wanted == LIVE:
        now = registry.live(stage)
        if now is None:
            return Pin(), f"for no version of {artifact} is {stage}"
        wanted, said = now.name, f"which is {stage} of {artifact}"

    def look_up(repo: Path, commit: str, name: str) -> str:
        return ask(repo, Locate(commit, name), workspace=False)

    return pinned(place.repo, artifact, Pin(wanted), look_up), said


def known(place: Place, artifact: str, log: Log) -> Registry:
    """The registry, as the git server or the remote has it now; else as this clone has it.

    Raises:
        PipelineError: workers that share no disk have a git server, and it does not answer.
    """
    if place.url:
        return fetched(place.repo, artifact, place.url, prompt=False)
    try:
        return fetched(place.repo, artifact, remote_of(place.repo), prompt=False)
    except PipelineError as error:
        log(f"what is live is taken from this clone, for its remote does not answer: {error.what}")
        return read(place.repo, artifact)


def before(place: Place, section: str) -> Iterator[Pin]:
    """What a run took of a section before, if it was opened before, or closed."""
    names = [f"{section}.{part}" for part in PARTS]
    if held := begun(place):
        if all(name in held for name in names):
            yield Pin(*(str(held[name]) for name in names))
        return
    file, keys = located(names[0], load(place.repo).values)
    for ref in experiments(place):
        if text := git(place.repo, "show", f"{ref}:./{file}", check=False):
            with suppress(KeyError, TypeError):  # its graph had no such section
                then = at(parsed(file, text), keys[:-1])
                yield Pin(*(str(then[part]) for part in PARTS))


def begun(place: Place) -> Values:
    """The values of a run that is open, here or on another worker; none if it is not."""
    if run := run_of(place.top):
        return run.params
    if place.url and git(place.repo, "ls-remote", "--", place.url, place.ref):
        git(place.repo, "fetch", "--quiet", "--no-tags", "--", place.url, place.ref)
        return run_in(git(place.repo, "show", f"FETCH_HEAD:{RUN}"), place).params
    return {}


def experiments(place: Place) -> list[str]:
    """The experiment that a run became when it was closed, if it was."""
    name = run_name(place.dag_id, place.run_id)
    if place.url and not refs_of(place.repo, name):
        for ref in refs_in(place.repo, place.url, f"refs/exps/*/*/{name}"):
            git(place.repo, "fetch", "--quiet", "--no-tags", "--", place.url, f"+{ref}:{ref}")
    return refs_of(place.repo, name)


def parsed(file: str, text: str) -> Any:
    """What a file of params held."""
    from dvc.utils.serialize import PARSERS

    return PARSERS.get(Path(file).suffix.lower(), PARSERS[".yaml"])(text, file)
