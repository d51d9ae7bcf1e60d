"""The DAG of a repository that has none: its whole graph, in a file beside Airflow's database."""

import re

from include.airflow_site.settings import IN_TREE, Site

LONGEST = 250  # letters, by Airflow's own limit
FILE = '''"""The graph of this repository. Airflow reads this file while there is none in dags/."""

from {module} import pipeline_dag

pipeline_dag({dag_id!r}, repo={repo!r}, targets=["."])
'''


def write(site: Site) -> None:
    """Write the file, if the repository has none, and it is not what is there."""
    if not site.drawn:
        return
    site.dags.mkdir(exist_ok=True)
    file, text = site.dags / "drawn.py", text_of(site)
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


def text_of(site: Site) -> str:
    """The file, as a person would have written it."""
    # Where we are installed, the name of the package is that of the one above.
    module = "dvc_dag" if IN_TREE else f"{(__package__ or '').partition('.')[0]}.airflow"
    return FILE.format(module=module, dag_id=id_of(site.repo.name), repo=str(site.repo))


def id_of(name: str) -> str:
    """The name of a folder, in the letters that Airflow allows."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:LONGEST] or "pipeline"
