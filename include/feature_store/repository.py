"""Open a Feast repository without leaving anything in it."""

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from include.errors import DataError

if TYPE_CHECKING:
    from feast import FeatureStore
    from feast.feast_object import FeastObject

CONFIG = "feature_store.yaml"


def open_store(repo: Path, work: Path, online: dict[str, Any] | None = None) -> "FeatureStore":
    """A feature store that knows all that the repository's Python files define.

    Args:
        repo: holds feature_store.yaml and the definitions.
        work: an empty folder for the registry. It holds times, so it is no output of a stage.
        online: section online_store, in place of the one in feature_store.yaml.

    Raises:
        DataError: feature_store.yaml is missing or wrong, or nothing is defined.
    """
    from feast import FeatureStore, RepoConfig
    from pydantic import ValidationError

    settings = read_config(repo)
    settings["registry"] = str((work / "registry.db").absolute())
    if online:
        settings["online_store"] = online
    try:
        config = RepoConfig(**settings)
    except ValidationError as error:
        problem = " ".join(str(error).split())
        raise DataError(f"{repo / CONFIG} is wrong: {problem}.", "mend that line.") from error
    config.repo_path = repo.absolute()
    store = FeatureStore(config=config)
    store.apply(definitions(repo))
    return store


def read_config(repo: Path) -> dict[str, Any]:
    """What feature_store.yaml says.

    Raises:
        DataError: it is missing, not YAML, or names no project.
    """
    try:
        settings = yaml.safe_load((repo / CONFIG).read_text())
        return {**settings, "project": settings["project"]}
    except FileNotFoundError:
        raise DataError(f"{repo / CONFIG} does not exist.", f"add {CONFIG} to {repo}.") from None
    except (yaml.YAMLError, TypeError, KeyError) as error:
        problem = " ".join(str(error).split())
        raise DataError(f"{repo / CONFIG} is wrong: {problem}.", "mend that line.") from error


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
