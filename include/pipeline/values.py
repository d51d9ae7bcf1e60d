"""Values of a run that reach what a worker runs, reads or writes.

Whoever may trigger a DAG may set its values, and DVC puts them into commands and paths as they are:
`x; rm -r /` is a fine text. So a text that reaches one of these must be held to an enum, a pattern,
a const or a format in the DAG's form, and no path leads out of the repository.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from include.errors import ParamsError
from include.pipeline.child.guards import OURS
from include.pipeline.graph import Plan, Stage
from include.pipeline.params_file import at, located

# Formats that are looked at, and that no command and no path fits; `multiline` is but a hint.
FORMATS = ("date", "date-time", "time", "uuid", "ipv4", "ipv6")
QUOTES = re.compile(r"""[\\'"]""")
Place = tuple[str, str]  # cmd, wdir, dep, param or out; and what dvc.yaml says there


def given_to(params: Mapping[str, object], before: Plan, held: Collection[str]) -> dict[str, Any]:
    """What `see_that_tame` has to know of a run, as JSON holds it.

    Args:
        params: names of values, and the values.
        before: the plan of the commit.
        held: names whose texts the form holds to something.
    """
    places = sorted({place for stage in before.stages for place in places_of(stage)})
    old = {name: old_of(name, before) for name in params}
    return {"params": dict(params), "held": list(held), "places": places, "old": old}


def see_that_tame(given: Mapping[str, Any], after: Plan) -> None:
    """Refuse values with which a run would do what nobody wrote into dvc.yaml.

    Args:
        given: by `given_to`.
        after: the plan that the values make.

    Raises:
        ParamsError: a text that is held to nothing reaches a command or a path, or a path leads out
            of the repository, or to what git and DVC obey.
    """
    params, was = given["params"], {(kind, text) for kind, text in given["places"]}
    now = {place: stage for stage in after.stages for place in places_of(stage)}
    gone = was - now.keys()
    for (kind, text), stage in now.items():
        if (kind, text) in was:
            continue
        emptied = [one for other, one in gone if other == kind]
        reached = [n for n, v in params.items() if reaches(kind, v, text, given["old"][n], emptied)]
        where = f"the {kind} of stage {stage.name!r}"
        if kind != "cmd" and leads_out(text, [one for other, one in was if other == kind]):
            names = ", ".join(reached or changed(given))
            what = f"With {names} as this run sets it, {where} is {text!r}: that is not in the "
            what += "repository, or it is what git and DVC obey."
            raise ParamsError(what, "trigger a new run with a path inside of the repository.")
        for name in reached:
            if name not in given["held"]:
                what = f"The run sets {name} to {params[name]!r}, and this reaches {where}."
                fix = f'hold it to what it may be in the DAG, as form={{"{name}": {{"pattern": '
                fix += '"^[a-z]+$"}}, or commit the value; then trigger a new run.'
                raise ParamsError(what, fix)


def changed(given: Mapping[str, Any]) -> list[str]:
    """The names of values that are not those of the commit."""
    return [n for n, value in given.get("params", {}).items() if value != given["old"][n]]


def is_held(schema: Mapping[str, Any], value: object) -> bool:
    """Whether a schema of a form says of each text in a value what it may be."""
    if "enum" in schema or "const" in schema:
        return True
    if isinstance(value, str):
        whole = "pattern" in schema and re.fullmatch(schema["pattern"], value) is not None
        return whole or (schema.get("format") in FORMATS and value == value.strip())
    if isinstance(value, list):
        return all(is_held(schema.get("items") or {}, part) for part in value)
    if isinstance(value, dict):
        known = schema.get("properties") or {}
        return all(name in known and is_held(known[name], part) for name, part in value.items())
    return True


def places_of(stage: Stage) -> Iterator[Place]:
    """What a worker runs, reads and writes for a stage."""
    yield "cmd", stage.cmd
    yield "wdir", stage.wdir
    yield from (("dep", path) for path in stage.deps)
    yield from (("param", name.rpartition(":")[0]) for name in stage.params)
    yield from (("out", out.path) for out in stage.outs)


def old_of(name: str, before: Plan) -> object:
    """What a commit says of a value."""
    file, keys = located(name, before.values)
    return at(before.values[file], keys)


def reaches(kind: str, value: object, text: str, old: object, gone: Collection[str]) -> bool:
    """Whether a new text of a value is in a command or path; or, if it is empty, emptied one."""
    for part, was in new_texts(value, old):
        if part and is_in(kind, part, text):
            return True
        if not part and any(is_in(kind, one, place) for one in was if one for place in gone):
            return True
    return False


def new_texts(value: object, old: object) -> Iterator[tuple[str, list[str]]]:
    """The texts in a value that were not at the same place before, and what was there.

    Names of a mapping are texts as well. A list may hold what it held in another order.
    """
    if isinstance(value, dict):
        known = old if isinstance(old, dict) else {}
        for name, part in value.items():
            yield from [] if name in known else [(str(name), [])]
            yield from new_texts(part, known.get(name))
    elif isinstance(value, list | tuple):
        was = list(map(str, leaves(old)))
        for part in value:
            if isinstance(part, dict | list | tuple):
                yield from new_texts(part, None)
            elif isinstance(part, str) and part not in was:
                yield part, was
    elif isinstance(value, str) and value != old:
        yield value, list(map(str, leaves(old)))


def is_in(kind: str, part: str, text: str) -> bool:
    """Whether a command or path may hold a text, however DVC wrote it there.

    It quotes a text for the shell, and takes the backslash away before `${`; of a path it takes all
    that leads nowhere. What is then left of a text may be nothing: it may be anywhere.
    """
    if kind != "cmd" and "://" not in part:
        part = os.path.normpath(part)
        while part.startswith("../"):
            part = part[3:]
        part = "" if part in (".", "..", "/") else part
    return bare(part) in bare(text)


def bare(text: str) -> str:
    """A text without what quotes, and without space around it."""
    return QUOTES.sub("", text).strip()


def leaves(value: object) -> list[object]:
    """The values in a value that hold no others."""
    if isinstance(value, dict):
        return leaves(list(value.values()))
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def leads_out(path: str, known: Collection[str]) -> bool:
    """Whether a path is outside of the repository, where dvc.yaml has none such, or is git's.

    Paths inside are as seen from the repository; others are whole, or URLs.
    """
    if "://" in path:
        return not any(server(path) == server(one) for one in known if "://" in one)
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts:
        return not any(PurePosixPath(one).parts[:2] == parts[:2] for one in known)
    return not OURS.isdisjoint(parts)


def server(url: str) -> str:
    """The scheme and the host, or bucket, of a URL."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
