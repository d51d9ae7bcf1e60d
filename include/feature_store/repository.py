"""Open a Feast repository without leaving anything in it."""

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from include.errors import DataError, at_most_ten
from include.feature_store.feast_import import import_feast

if TYPE_CHECKING:
    from feast import FeatureStore
    from feast.feast_object import FeastObject

CONFIG = "feature_store.yaml"


def open_store(repo: Path, work: Path, online: dict[str, Any] | None = None) -> "FeatureStore":
    """A feature store that knows all that the repository's Python files define.

    Args:
        repo: holds feature_store.yaml and the definitions.
        work: an empty folder for the registry. It holds times, so it is no output of a stage.
        online: section online_store, in place of the one in feature_store.yaml; of that one the
            other options stay if it is of the same type.

    Raises:
        DataError: feature_store.yaml is missing or wrong, or nothing is defined; or it counts
            versions of views, under which readers would look for them online.
    """
    import_feast()
    from feast import FeatureStore, RepoConfig
    from pydantic import ValidationError

    settings = read_config(repo)
    if online:
        check_unversioned(settings, repo)
    settings["registry"] = str((work / "registry.db").absolute())
    if online:
        own = settings.get("online_store")
        kept = own if isinstance(own, dict) and own.get("type") == online["type"] else {}
        settings["online_store"] = {**kept, **online}
    try:
        config = RepoConfig(**settings)
    except ValidationError as error:
        # Without the values: some are of the environment.
        faults = error.errors(include_input=False, include_context=False, include_url=False)
        texts = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
        raise wrong(repo, at_most_ten(texts)) from None
    config.repo_path = repo.absolute()
    store = FeatureStore(config=config)
    store.apply(definitions(repo))
    return store


def check_unversioned(settings: dict[str, Any], repo: Path) -> None:
    """Raise DataError if the names of views online depend on a registry that is not ours."""
    registry = settings.get("registry")
    if isinstance(registry, dict) and registry.get("enable_online_feature_view_versioning"):
        raise DataError(
            f"{repo / CONFIG} sets registry.enable_online_feature_view_versioning: readers would "
            "look for the version that their registry counts, and this one is made anew.",
            "remove that line, and give a changed view a new name.",
        )


def read_config(repo: Path) -> dict[str, Any]:
    """What feature_store.yaml says. As in Feast, $NAME in it is an environment variable.

    Raises:
        DataError: it is missing, not YAML, or names no project.
    """
    try:
        settings = yaml.safe_load(os.path.expandvars((repo / CONFIG).read_text()))
        return {**settings, "project": settings["project"]}
    except FileNotFoundError:
        raise DataError(f"{repo / CONFIG} does not exist.", f"add {CONFIG} to {repo}.") from None
    except yaml.YAMLError as error:
        # Without the line itself, for the same reason.
        at = "it is no YAML"
        if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
            at = f"{error.problem} in line {error.problem_mark.line + 1}"
        raise wrong(repo, at) from None
    except (TypeError, KeyError) as error:
        raise wrong(repo, " ".join(str(error).split())) from error


def wrong(repo: Path, problem: str) -> DataError:
    """Say what is wrong with the settings."""
    return DataError(f"{repo / CONFIG} is wrong: {problem}.", "mend that line.")


def definitions(repo: Path) -> list["FeastObject"]:
    """What the Python files of the repository define, each object once.

    Raises:
        DataError: there is no feature view.
    """
    from feast import Entity, FeatureService
    from feast.base_feature_view import BaseFeatureView
    from feast.data_source import DataSource

    kinds = (Entity, BaseFeatureView, FeatureService, DataSource)
    found: dict[int, Any] = {}
    for path in sorted(repo.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"{repo.name}.{path.stem}", path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        held = [v for value in vars(module).values() for v in as_list(value)]
        found |= {id(thing): thing for thing in held if isinstance(thing, kinds)}
    if not any(isinstance(thing, BaseFeatureView) for thing in found.values()):
        raise DataError(f"{repo} defines no feature view.", f"define one in a .py file in {repo}.")
    return list(found.values())


def as_list(value: object) -> list[object]:
    """The members of a list, or the value alone."""
    return value if isinstance(value, list) else [value]
