"""What a repository, its outs and the ends of its runs are called in Airflow."""

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

from airflow.configuration import conf
from airflow.sdk import Asset

OF_PATHS = "/:@!$&'()*+,;=~"  # what a path of a URI holds beside letters and digits, by RFC 3986
SCHEME_OF_REQUESTS = "dvc-requests://"
LONGEST_URI = 1500  # letters, by Airflow's own limit


def root_of(repo: Path | str | None) -> Path:
    """The repository: what is named, else [leeway] repo, else the folder above the DAGs."""
    default = Path(conf.get("core", "dags_folder")).parent
    return Path(repo or conf.get("leeway", "repo", fallback="") or default).resolve()


def name_of(root: Path) -> str:
    """The name of a repository: [leeway] name in Airflow's configuration, else the folder's."""
    return conf.get("leeway", "name", fallback="") or root.name


def uri_of(name: str, path: str) -> str:
    """What other DAGs wait for, as `Asset("dvc://NAME/models/big")`.

    What a path of a URI cannot hold is percent-encoded, as %3F for a question mark.

    Args:
        name: of the repository.
    """
    uri = f"dvc://{quote(name, safe='')}/{quote(path, safe=OF_PATHS)}"
    if len(uri) <= LONGEST_URI:
        return uri
    whole = re.sub("%.?$", "", uri[: LONGEST_URI - 65])  # no encoded letter is cut in two
    return f"{whole}-{hashlib.sha256(uri.encode()).hexdigest()}"


def ends(root: Path, dag_id: str) -> Asset:
    """What other DAGs wait for, to begin when a run of a pipeline is closed."""
    return Asset(f"dvc-runs://{quote(name_of(root), safe='')}/{quote(dag_id, safe=OF_PATHS)}")


def requests(root: Path, dag_id: str) -> Asset:
    """What a pipeline waits for, beside its schedule, if it is to train when it is asked to."""
    name = quote(name_of(root), safe="")
    return Asset(f"{SCHEME_OF_REQUESTS}{name}/{quote(dag_id, safe=OF_PATHS)}")
