"""What a run begins with, by DVC's own word: its graph, and what has nothing to do."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from include.errors import PlatformError
from include.pipeline import memory, resolve
from include.pipeline.child import files
from include.pipeline.child.entries import as_read, entries_of, entry_of, fill, write_entries
from include.pipeline.child.orders import Entry, Refused
from include.pipeline.child.recalling import nearest
from include.pipeline.child.stages import told_of
from include.pipeline.judge.absent import beside, hollow_or_absent
from include.pipeline.judge.closing import made_for_git, put_back, remove_pipes
from include.pipeline.judge.dvc_config import take_over
from include.pipeline.judge.ignoring import ignore, ignored
from include.pipeline.judge.telling import told_of as record_of
from include.pipeline.judge.telling import values_of
from include.pipeline.judge.transfer import unspoilt
from include.pipeline.judge.unchanged import same
from include.pipeline.orders import Configure, Open, Opened, Settings


def configure(order: Configure) -> Settings:
    """Give the workspace DVC's settings, and write down what it begins with."""
    from dvc.repo import Repo

    found = take_over(Path(order.repo), Path.cwd())
    with Repo(".") as repo:
        write_down(repo, order.began, {})
    return found


def write_down(repo: Any, began: str, filled: Mapping[Any, Entry]) -> None:
    """Keep what dvc.yaml and the lockfile say of each stage, where no step in a container writes.

    Args:
        began: the file to write to.
        filled: what the lockfile now says of some stages.
    """
    entries = entries_of(repo.index.stages)
    held = {
        stage.addressing: {
            "opened": told_of(stage),
            "entry": filled.get(stage) or entries[stage.addressing],
        }
        for stage in repo.index.stages
    }
    files.write(Path(began), json.dumps(held, default=str))


def opened(order: Open) -> Opened:
    """The graph of a workspace as the run's values make it, and what of it has nothing to do."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo, lock_repo

    settings = take_over(Path(order.repo), Path.cwd())
    if order.contained:  # opened again: steps may have changed what is judged now
        began = Path(order.began)
        remove_pipes(began.parents[2])
        with Repo(".") as repo, lock_repo(repo):
            put_back(repo, json.loads(began.read_text()), order.made)
    file = Path(order.given)
    given = json.loads(file.read_text()) if file.exists() else {}
    try:
        with Repo(".") as repo, lock_repo(repo):
            return decided(repo, order, given, settings)
    except PlatformError as error:
        raise Refused(error.what, error.fix) from None
    except DvcException as error:
        raise unresolved(error, order, given) from None


def decided(repo: Any, order: Open, given: Mapping[str, Any], settings: Settings) -> Opened:
    """The stages of a run, what of them cannot be had, and what has nothing to do."""
    from include.pipeline.plan import plan_of
    from include.pipeline.selection import select
    from include.pipeline.values import see_that_tame

    graph = resolve.graph_of(repo, Path.cwd(), helps=False)
    plan = plan_of(graph)
    if given:  # before anything is made, or asked of a server
        see_that_tame(given, plan)
    chosen = select(plan, order.targets, order.upstream, order.downstream, order.without)
    names = [stage.name for stage in chosen]
    make_folders(repo)
    missing = hollow_or_absent(repo, names, order.hollow)
    missing += beside(repo, names, Path(order.repo))
    # An out may have a remote of its own, and an import has its source.
    remote = settings.remote or any(o.remote or o.stage.is_import for o in repo.index.outs)
    found = Opened(Settings(settings.cache, bool(remote)), graph, names, missing)
    if missing:
        return found
    idle = judged(repo, names, order)
    if idle == names:  # there is no more to be known as the run closes
        held = {stage.addressing: stage for stage in repo.index.stages}
        stages = [held[name] for name in names]
        found = replace(found, files=made_for_git(repo, stages), told=record_of(stages))
    return replace(found, unchanged=idle)


def unresolved(error: BaseException, order: Open, given: Mapping[str, Any]) -> Refused:
    """What DVC says of a graph that it cannot resolve."""
    from include.pipeline.values import changed

    problem = resolve.in_words(error)
    if order.values:
        by = f" ({', '.join(changed(given))})" if changed(given) else ""
        what = f"DVC cannot resolve the graph with the values of this run{by}: {problem}"
        return Refused(what, "trigger a new run with other values.")
    what = f"DVC cannot resolve the graph of the run's commit: {problem}"
    fix = "commit what it needs, for what git ignores is in no run; then trigger a new run."
    return Refused(what, fix)


def make_folders(repo: Any) -> None:
    """Make the folders that `dvc checkout` makes, with data or without: steps write into them."""
    for out in repo.index.outs:
        if out.use_cache and out.protocol == "local" and out.is_in_repo:
            with suppress(FileExistsError, NotADirectoryError):
                os.makedirs(os.path.dirname(out.fs_path), exist_ok=True)


def judged(repo: Any, names: Sequence[str], order: Open) -> list[str]:
    """The stages that have nothing to do, each after those that it needs.

    What the lockfile says, and DVC finds true, counts first. Where it is not true, what an earlier
    run made of the very same takes its place. For stages that have to run, or may have to, what
    earlier runs made is laid beside them.
    """
    by_name = {stage.addressing: stage for stage in repo.index.stages}
    committed = {name: v for stage in repo.index.stages for name, v in values_of(stage)}
    found: list[str] = []
    filled = {}
    already = ignored(by_name[name] for name in names)
    for name in names:
        stage = by_name[name]
        before = {s.addressing for s in repo.index.graph.successors(stage)} & set(names)
        known = stage.frozen or before <= set(found)
        if known and same(repo, stage):
            found.append(name)
            continue
        # In the order of `dvc repro`, whatever ends first: a folder with the lines may be a dep.
        ignore([stage], already)
        runs = stage.cmd and not stage.frozen  # what a frozen stage made is what the commit says
        held = memory.recall(Path(order.memory), name) if runs else []
        if known and (made := made_before(repo, stage, held)):
            found.append(name)
            filled[stage] = as_read(stage, made.entry)
        elif held:
            file = memory.beside(Path(order.own), name)
            if any(out.persist for out in stage.outs):
                began = memory.Memory(entry_of(stage), "", (0, 0), committed)
                held = nearest_first(repo, stage, [*held, *([began] if began.entry else [])])
            file.write_text(json.dumps([made.entry for made in held], default=str))
    write_entries(filled)
    write_down(repo, order.began, filled)
    if order.apart:
        # Another worker will read them: what this one has in its cache is not enough.
        found = unspoilt(repo, [by_name[name] for name in found])
        if found:  # none would mean all
            repo.push(targets=found)
    return found


def nearest_first(repo: Any, stage: Any, held: list[memory.Memory]) -> list[memory.Memory]:
    """What earlier runs made, by the params of the stage and of all stages before it.

    A date may be no param of the stage that keeps a folder, but of the one that it reads from.
    """
    from networkx import descendants

    above = [stage, *descendants(repo.index.graph, stage)]
    now = {name: value for one in above for name, value in values_of(one, now=True)}
    left: list[Entry] = [{"params": {"": made.values}, "made": made} for made in held]
    found = []
    while left:
        found.append(nearest(left, {"params": {"": now}}))
        left.remove(found[-1])
    return [one["made"] for one in found]


def made_before(repo: Any, stage: Any, held: Sequence[memory.Memory]) -> memory.Memory | None:
    """What an earlier run made of the very same; the stage is then as that run left it."""
    for made in held:
        fill(stage, made.entry)
        if same(repo, stage, made.commit):
            return made
    fill(stage, entry_of(stage))
    return None
