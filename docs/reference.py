"""Write the tables of the pages on settings and params that say what the code takes.

Run: `python -m docs.reference`. A test runs it, and finds nothing to change.
"""

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from include.pipeline.cost_settings import Costs
from include.pipeline.meta import Meta

ROOT = Path(__file__).parents[1]
BOUNDS = {"minimum": ">= ", "exclusiveMinimum": "> ", "maximum": "<= ", "exclusiveMaximum": "< "}
KINDS = {"array": "list", "object": "mapping", "string": "text", "boolean": "true or false"}
HEAD = ["| name | takes | meaning |", "|---|---|---|"]


def main() -> None:
    """Bring the pages to what the code says."""
    for path, text in pages().items():
        path.write_text(text)


def pages() -> dict[Path, str]:
    """The pages, with the tables of this code between their marks."""
    found = {}
    tables = {"settings.md": {"meta": table(Meta)}}
    tables |= {name: {"params": of_graphs(folders)} for name, folders in graphs().items()}
    # the second project
    from include.assistant.documents.fetching.source_settings import Source

    tables["assistant.md"] = {"sources": table(Source)}
    # end of the second project
    for name, parts in tables.items():
        path = ROOT / "docs" / name
        text = path.read_text()
        for mark, part in parts.items():
            begin, end = f"<!-- {mark}: by python -m docs.reference -->", f"<!-- end of {mark} -->"
            before, _, rest = text.partition(begin)
            text = f"{before}{begin}\n\n{part}\n\n{end}{rest.partition(end)[2]}"
        found[path] = text
    return found


def graphs() -> dict[str, list[Path]]:
    """The pages on params: of the root, of each project beside it; and whose params they are."""
    found = {"params.md": [ROOT]}
    for file in sorted((ROOT / "include").glob("*/dvc.yaml")):
        inner = sorted(one.parent for one in file.parent.glob("*/dvc.yaml"))
        found[f"{file.parent.name}_params.md"] = [file.parent, *inner]
    return found


def of_graphs(folders: list[Path]) -> str:
    """The sections of the params of several graphs."""
    return "\n\n".join(map(sections, folders))


def sections(folder: Path) -> str:
    """Each section of a params.yaml with the stages that read it, in the order of the file."""
    order = yaml.safe_load((folder / "params.yaml").read_text())
    held: dict[str, list[str]] = {}
    kinds: dict[str, type[BaseModel]] = {}
    if "costs" in order:
        held["costs"], kinds["costs"] = ["no stage: [history.md](history.md)"], Costs
    for stage, step in steps(folder):
        for argument, kind in inspect.get_annotations(step, eval_str=True).items():
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                section = stage if argument == "params" else argument
                held.setdefault(section, []).append(f"`{stage}`")
                # Others may know a part of what is a stage's own.
                kinds[section] = kind if argument == "params" else kinds.get(section, kind)
    parts = [
        f"## {name}\n\nRead by {', '.join(held[name])}.\n\n{table(kinds[name])}"
        for name in sorted(kinds, key=list(order).index)
    ]
    return "\n\n".join(parts)


def steps(folder: Path) -> Iterator[tuple[str, Any]]:
    """Each stage of a dvc.yaml, and its function."""
    graph = yaml.safe_load((folder / "dvc.yaml").read_text())
    values = {name: value for some in graph.get("vars", []) for name, value in some.items()}
    for stage, held in graph["stages"].items():
        command = re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], held["cmd"])
        module = re.search(r"python -m (\S+)", command)
        if module is not None:
            yield stage, getattr(importlib.import_module(module[1]), stage)


def table(kind: type[BaseModel]) -> str:
    """What a section takes: a row for each name in it, also in a section inside."""
    return "\n".join([*HEAD, *rows(kind.model_json_schema(), kind.model_json_schema(), "")])


def rows(schema: dict[str, Any], root: dict[str, Any], prefix: str) -> Iterator[str]:
    """The rows of a schema, and of those that it holds; `*` stands for names of your own."""
    for name, held in schema["properties"].items():
        named = held.get("additionalProperties")
        of_names = inside(named, root) if isinstance(named, dict) else []
        if models := inside(held, root):
            yield from rows(joined(models), root, f"{prefix}{name}.")
            continue
        meaning = str(held.get("description", "")).replace("|", "\\|")
        yield f"| `{prefix}{name}` | {takes(held)} | {meaning} |"
        if of_names:
            yield from rows(joined(of_names), root, f"{prefix}{name}.*.")


def inside(held: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas that a value may have, if it is a section itself."""
    ways = [held, *held.get("anyOf", []), *held.get("oneOf", [])]
    names = [str(way["$ref"]).rpartition("/")[2] for way in ways if "$ref" in way]
    return [root["$defs"][name] for name in names]


def joined(models: list[dict[str, Any]]) -> dict[str, Any]:
    """Several kinds of a section as one: what is in more than one of them is told once."""
    fields: dict[str, Any] = {}
    for model in models:
        for name, held in model["properties"].items():
            ways = [fields[name].get("const"), held.get("const")] if name in fields else [None]
            if None not in ways:
                fields[name] = {"enum": [*ways], "description": "which of these it is"}
            elif "enum" in fields.get(name, {}) and "const" in held:
                fields[name]["enum"].append(held["const"])
            else:
                fields.setdefault(name, held)
    return {"properties": fields}


def takes(held: dict[str, Any]) -> str:
    """The kind of a value and its range, as one cell."""
    if "anyOf" in held:
        return takes(next(part for part in held["anyOf"] if part.get("type") != "null"))
    if "enum" in held:
        return ", ".join(f"`{value}`" for value in held["enum"])
    if "const" in held:
        return f"`{held['const']}`"
    kind = str(held.get("format") or held["type"])
    bounds = [f"{sign}{held[name]:,}" for name, sign in BOUNDS.items() if name in held]
    return " ".join([KINDS.get(kind, kind), ", ".join(bounds)]).strip()


if __name__ == "__main__":
    main()
