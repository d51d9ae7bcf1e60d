"""What DVC thinks of a run as a whole: in a DVC process of the worker, never in a container.

`python -m include.pipeline.judge` reads its task as JSON, as child.py does.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

from include.errors import PlatformError
from include.pipeline import child, files, memory, resolve
from include.pipeline.child import (
    Damaged,
    causes,
    check_out,
    fetch_lost,
    files_read,
    in_cache,
    outs_around,
    see_that_sound,
)
from include.pipeline.dvc_config import take_over
from include.pipeline.git import command
from include.pipeline.unchanged import beside, hollow_or_absent, obtainable, same


def work(task: dict[str, Any]) -> int:
    """Do a task, and write the result to the file it names."""
    return child.work(task, ORDERS)


def configure(task: dict[str, Any]) -> dict[str, Any]:
    """Give the workspace DVC's settings, and write down what it begins with."""
    from dvc.repo import Repo

    found = take_over(Path(task["repo"]), Path.cwd())
    with Repo(".") as repo:
        write_down(repo, task, {})
    return found


def write_down(repo: Any, task: dict[str, Any], filled: Mapping[Any, child.Lock]) -> None:
    """Keep what dvc.yaml and the lock say of each stage, where no step in a container can write.

    Args:
        filled: what the lock now says of some stages.
    """
    entries = child.all_locked(repo.index.stages)
    held = {
        stage.addressing: {
            "opened": child.told_of(stage),
            "entry": filled.get(stage) or entries[stage.addressing],
        }
        for stage in repo.index.stages
    }
    files.write(Path(task["began"]), json.dumps(held, default=str))


def opened(task: dict[str, Any]) -> dict[str, Any]:
    """The graph of a workspace as the run's values make it, and what of it has nothing to do."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo, lock_repo

    from include.pipeline.plan import plan_of
    from include.pipeline.selection import select
    from include.pipeline.values import changed, see_that_tame

    found = take_over(Path(task["repo"]), Path.cwd())
    if task["contained"]:  # opened again: steps may have changed what is judged now
        remove_pipes(Path(task["began"]).parents[2])
        with Repo(".") as repo, lock_repo(repo):
            put_back(repo, json.loads(Path(task["began"]).read_text()), task["made"])
    file = Path(task["given"])
    given = json.loads(file.read_text()) if file.exists() else {}
    try:
        with Repo(".") as repo, lock_repo(repo):
            graph = resolve.graph_of(repo, Path.cwd(), helps=False)
            plan = plan_of(graph)
            if given:  # before anything is made, or asked of a server
                see_that_tame(given, plan)
            chosen = select(plan, task["targets"], task["upstream"], task["downstream"])
            names = [stage.name for stage in chosen]
            make_folders(repo)
            missing = hollow_or_absent(repo, names, task["hollow"])
            missing += beside(repo, names, Path(task["repo"]))
            found |= {"graph": graph, "chosen": names, "missing": missing}
            # An out may have a remote of its own, and an import has its source.
            found["remote"] |= any(out.remote or out.stage.is_import for out in repo.index.outs)
            if not missing:
                found["unchanged"] = judged(repo, names, task)
                found["files"] = []
                if found["unchanged"] == names:  # there is no more to be known as the run closes
                    stages = {stage.addressing: stage for stage in repo.index.stages}
                    found["files"] = made_for_git(repo, [stages[name] for name in names])
            return found
    except PlatformError as error:
        return {"refused": [error.what, error.fix]}
    except DvcException as error:
        problem = resolve.in_words(error)
        if task["values"]:
            by = f" ({', '.join(changed(given))})" if changed(given) else ""
            what = f"DVC cannot resolve the graph with the values of this run{by}: {problem}"
            return {"refused": [what, "trigger a new run with other values."]}
        what = f"DVC cannot resolve the graph of the run's commit: {problem}"
        fix = "commit what it needs, for what git ignores is in no run; then trigger a new run."
        return {"refused": [what, fix]}


def make_folders(repo: Any) -> None:
    """Make the folders that `dvc checkout` makes, with data or without: steps write into them."""
    for out in repo.index.outs:
        if out.use_cache and out.protocol == "local" and out.is_in_repo:
            with suppress(FileExistsError, NotADirectoryError):
                os.makedirs(os.path.dirname(out.fs_path), exist_ok=True)


def judged(repo: Any, names: Sequence[str], task: dict[str, Any]) -> list[str]:
    """The stages that have nothing to do, each after those that it needs.

    What the lock says, and DVC finds true, counts first. Where it is not true, what an earlier run
    made of the very same takes its place. For stages that have to run, or may have to, what
    earlier runs made is laid beside them.
    """
    by_name = {stage.addressing: stage for stage in repo.index.stages}
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
        held = memory.recall(Path(task["memory"]), name) if runs else []
        if known and (entry := made_before(repo, stage, held)):
            found.append(name)
            filled[stage] = entry.lock
        elif held:
            file = memory.beside(Path(task["own"]), name)
            file.write_text(json.dumps([entry.lock for entry in held]))
    child.lock(filled)
    write_down(repo, task, filled)
    if task["apart"]:
        # Another worker will read them: what this one has in its cache is not enough.
        found = unspoilt(repo, [by_name[name] for name in found])
        if found:  # none would mean all
            repo.push(targets=found)
    return found


def made_before(repo: Any, stage: Any, held: Sequence[memory.Entry]) -> memory.Entry | None:
    """What an earlier run made of the very same; the stage is then as that run left it."""
    for entry in held:
        child.fill(stage, entry.lock)
        if same(repo, stage, entry.commit):
            return entry
    child.fill(stage, child.locked(stage))
    return None


def ignore(stages: Iterable[Any], already: Set[str]) -> None:
    """Keep the outs of stages out of git, as DVC does where it runs or restores them."""
    from dvc.exceptions import DvcException

    for out in (out for stage in stages for out in stage.outs if out.use_cache):
        if out.fs_path not in already:
            with suppress(DvcException):  # git tracks it
                out.ignore()


def ignored(stages: Iterable[Any]) -> set[str]:
    """The outs that git ignores: DVC would ask for one after the other."""
    paths = "\0".join(out.fs_path for stage in stages for out in stage.outs)
    words = command(Path.cwd(), "check-ignore", "-z", "--stdin")
    done = subprocess.run(words, input=paths.encode(), capture_output=True, check=False)
    return {*done.stdout.decode().split("\0")}


def unchanged(task: dict[str, Any]) -> dict[str, Any]:
    """The stages of a working tree that have nothing to do."""
    from dvc.repo import Repo, lock_repo

    with Repo(".") as repo, lock_repo(repo):
        by_name = {stage.addressing: stage for stage in repo.index.stages}
        found: list[str] = []
        for name in task["stages"]:
            stage = by_name[name]
            before = {s.addressing for s in repo.index.graph.successors(stage)}
            if stage.frozen or before & set(task["stages"]) <= set(found):
                found += [name] if same(repo, stage) else []
        return {"unchanged": found}


def unspoilt(repo: Any, stages: list[Any]) -> list[str]:
    """Those of the stages that make nothing damaged that the remote lacks, nor read it."""
    outs = {s.addressing: [out for out in s.outs if in_cache(out)] for s in stages}
    there = in_remote(repo, [out for held in outs.values() for out in held])
    kept: list[str] = []
    for stage in stages:
        before = {s.addressing for s in repo.index.graph.successors(stage)} & outs.keys()
        # Each that is damaged must go, and not the first alone.
        bad = sum(child.damaged(out, there=there) for out in outs[stage.addressing])
        if before <= set(kept) and not bad:
            kept.append(stage.addressing)
    return kept


def finished(task: dict[str, Any]) -> dict[str, Any]:
    """What of a run has no good result; else the files that its experiment holds.

    Args:
        task: stages, and made: for each that ran in the run, what it was made from; began: where
            it is written down what the run began with, if steps in containers were in it.
    """
    from dvc.repo import Repo, lock_repo

    began = json.loads(Path(task["began"]).read_text()) if task["began"] else {}
    wrong: list[str] = []
    if began:
        remove_pipes(Path(task["began"]).parents[2])
        with Repo(".") as repo, lock_repo(repo):
            wrong = put_back(repo, began, task["made"])
    with Repo(".") as repo, lock_repo(repo):
        by_name = {stage.addressing: stage for stage in repo.index.stages}
        stale = [name for name in task["stages"] if is_stale(repo, by_name, name, task)]
        if stale:
            return {"stale": stale}
        stages = [by_name[name] for name in task["stages"]]
        good = [name for name in task["made"] if not began or same(repo, by_name[name])]
        for name in good if began else ():  # a container cannot write there
            with suppress(OSError):  # what it read is no longer here, or on another worker
                repo.stage_cache.save(by_name[name])
        found = {"stale": [], "good": good, "wrong": wrong, "read": read_from_git(stages)}
        return {**found, "made": made_for_git(repo, stages)}


def put_back(repo: Any, began: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    """Let the lock say of each stage what it made in this run, or else what it began with.

    Returns:
        The stages of which it said something else: a step wrote it.
    """
    stages = child.stages_of(repo)
    child.see_that_as_opened(stages, {name: held["opened"] for name, held in began.items()})
    wrong, said = {}, child.all_locked(stages)
    for stage in stages:
        name = stage.addressing
        entry = made[name]["entry"] if name in made else began[name]["entry"]
        if child.as_text(said[name]) != child.as_text(entry):
            wrong[stage] = entry
    child.lock(wrong)
    return [stage.addressing for stage in wrong]


def remove_pipes(top: Path) -> None:
    """Remove what is no file, folder or link: git and DVC would wait for ever to read it."""
    waiting = [top]
    while waiting:
        for entry in os.scandir(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting += [] if entry.name == ".git" else [Path(entry)]
            elif not entry.is_symlink() and not entry.is_file(follow_symlinks=False):
                os.unlink(entry)


def is_stale(repo: Any, by_name: dict[str, Any], name: str, task: dict[str, Any]) -> bool:
    """Whether a stage did not end well in the run, or what it read was made anew since."""
    stage = by_name[name]
    if name not in task["unchanged"]:
        made = task["made"].get(name)
        if made is None or any(child.made_by(by_name[n]) != key for n, key in made["read"].items()):
            return True
    return bool(stage.outs) and not obtainable(repo, stage)


def made_for_git(repo: Any, stages: Sequence[Any]) -> list[str]:
    """What `dvc exp run` puts into an experiment beside what git tracks already.

    The outs that DVC does not cache, the metrics, plots and params that dvc.yaml names at its top,
    and the lines of .gitignore that keep the other outs out of git.
    """
    from dvc.repo.metrics.show import _collect_top_level_metrics
    from dvc.repo.params.show import _collect_top_level_params

    ignore(stages, ignored(stages))
    found = []
    for out in (out for stage in stages for out in stage.outs if out.is_in_repo):
        lines = os.path.join(os.path.dirname(out.fs_path), ".gitignore")
        found.append(lines if in_cache(out) else out.fs_path)
    named = [*_collect_top_level_metrics(repo), *_collect_top_level_params(repo)]
    for path in (*named, *repo.index._plot_sources):
        place = os.path.join(repo.root_dir, str(path).lstrip("/"))
        if not child.inside(os.path.relpath(place, repo.root_dir)) or ours(place):
            continue  # a step, or a value of the run, may have named it
        if not any(in_cache(out) for out in outs_around(repo, place)):
            found.append(place)
    return [os.path.relpath(path) for path in dict.fromkeys(found) if os.path.exists(path)]


def ours(place: str) -> bool:
    """Whether a path is in what git and DVC obey; a remote's login may be there."""
    return not child.OURS.isdisjoint(os.path.relpath(place).split("/"))


def read_from_git(stages: Sequence[Any]) -> list[str]:
    """The deps of stages that git may track: a step may have put something new into a folder."""
    found = []
    for dep in (dep for stage in stages for dep in files_read(stage) if dep.is_in_repo):
        around = [Path(out.fs_path) for out in outs_around(dep.repo, dep.fs_path)]
        place = Path(dep.fs_path)
        if dep.exists and not any(path in (place, *place.parents) for path in around):
            found.append(os.path.relpath(dep.fs_path))
    return list(dict.fromkeys(found))


def sound(task: dict[str, Any]) -> dict[str, Any]:
    """See that some paths, and what the remote lacks of some stages, may be given to others."""
    from dvc.repo import Repo

    with Repo(".") as repo:
        try:
            for path in task["paths"]:
                for out in filter(in_cache, outs_around(repo, os.path.abspath(path))):
                    fetch_lost(repo, [out])
                    see_that_sound(repo, out)
            stages = [stage for stage in repo.index.stages if stage.addressing in task["stages"]]
            outs = [out for stage in stages for out in stage.outs if in_cache(out)]
            there = in_remote(repo, outs)
            for out in outs:
                see_that_sound(repo, out, there)
        except Damaged as error:
            return error.refusal
    return {}


def in_remote(repo: Any, outs: list[Any]) -> set[str]:
    """The objects of outs, by their names in the cache, that their remotes hold."""
    from dvc.config import NoRemoteError

    found = set[str]()
    for name in dict.fromkeys(out.remote for out in outs):
        held = {oid for out in outs if out.remote == name for _, oid in child.objects(out)}
        with suppress(NoRemoteError):  # there is no default: what has none stays here
            found |= set(repo.cloud.get_remote_odb(name).oids_exist(list(held)))
    return found


def push(task: dict[str, Any]) -> dict[str, Any]:
    """Push the outs of stages to their remotes."""

    def give(repo: Any) -> None:
        targets = list(task["stages"])
        if not repo.config["core"].get("remote"):  # DVC refuses to push what has none
            outs = [out for stage in repo.index.stages for out in stage.outs if out.remote]
            targets = [out.fs_path for out in outs if out.stage.addressing in task["stages"]]
        if targets:  # none would mean all
            repo.push(targets=targets)

    return refused_or(give, "push")


def fetch(task: dict[str, Any]) -> dict[str, Any]:
    """Check out paths from the cache, or pull them from the default remote."""

    def bring(repo: Any) -> None:
        around = (outs_around(repo, os.path.abspath(path)) for path in task["paths"])
        outs = [out for found in around for out in found if in_cache(out)]
        if not task["apart"]:
            return check_out(outs)
        for out in outs:
            child.see_that_no_link_leads_out(out)
        repo.pull(targets=task["paths"], force=True)

    return refused_or(bring, "pull" if task["apart"] else "checkout")


def refused_or(work: Any, name: str) -> dict[str, Any]:
    """What DVC refuses, in its own words; nothing if it did the work."""
    from dvc.exceptions import DvcException
    from dvc.lock import LockError
    from dvc.repo import Repo

    try:
        with Repo(".") as repo:
            work(repo)
    except LockError:
        raise
    except (Damaged, child.Changed) as error:
        return error.refusal
    except DvcException as error:
        said = " ".join(str(cause) for cause in (error, *causes(error)))
        fix = "see that the cache and the remote can be reached, then clear this task."
        return {"refused": [f"`dvc {name}` failed: {said}", fix]}
    return {}


ORDERS: dict[str, child.Order] = {
    "configure": configure,
    "open": opened,
    "unchanged": unchanged,
    "finish": finished,
    "sound": sound,
    "push": push,
    "fetch": fetch,
}

if __name__ == "__main__":
    raise SystemExit(child.main(work))
