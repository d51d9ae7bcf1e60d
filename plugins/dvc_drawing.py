"""How stages are drawn in Airflow: in groups, each with a page."""

import hashlib
from collections.abc import Sequence

from include.pipeline.graph import CLOSE, OPEN, Stage


def group_ids(stages: Sequence[Stage]) -> dict[str, str]:
    """An id for each group, in Airflow's letters, that no task and no other group has."""
    taken = {OPEN, CLOSE, *(stage.task_id for stage in stages)}
    found: dict[str, str] = {}
    # What has no dot is an id already, and keeps it before others.
    for group in sorted({stage.group for stage in stages}, key=lambda name: ("." in name, name)):
        name = group.replace(".", "-")[:180]
        tail = hashlib.sha256(group.encode()).hexdigest()[:7]
        ids = (name, f"{name}-stages", f"{name}-{tail}")
        found[group] = next(one for one in ids if not nodes(one) & taken)
        taken |= nodes(found[group])
    return found


def nodes(group: str) -> set[str]:
    """What Airflow draws for a group: itself, and where the edges meet before and after it."""
    return {group, f"{group}.upstream_join_id", f"{group}.downstream_join_id"}


def documentation(stage: Stage) -> str:
    """What the page of the task says."""
    parts = [stage.desc, f"From `{stage.file}`:", f"```\n{stage.cmd}\n```"]
    lists = {"Needs": stage.deps, "Params": stage.params, "Makes": [o.path for o in stage.outs]}
    parts += [
        f"**{title}**\n" + "".join(f"\n- `{name}`" for name in names)
        for title, names in lists.items()
        if names
    ]
    return "\n\n".join(part for part in parts if part)
