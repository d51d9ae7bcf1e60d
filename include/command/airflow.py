"""`leeway up` and `leeway down`: an Airflow on this machine, for the DAGs of one repository."""

import argparse
from pathlib import Path

from include.airflow_site import processes
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site, secrets_of
from include.command.repository import graph_of, see_that_committed
from include.command.unended import listed, unended
from include.command.words import Add

UP = """
  leeway up
  leeway up --repo ../theirs
"""
DOWN = """
  leeway down
"""


def add_to(add: Add) -> None:
    """Add both commands."""
    add("up", "start Airflow on this machine, and keep it up", UP).set_defaults(carry_out=up)
    add("down", "stop Airflow, with all its children", DOWN).set_defaults(carry_out=down)


def up(words: argparse.Namespace) -> int:
    """Start Airflow, and print where it is, how to log in, and which runs go on with it."""
    site = site_of(words.repo)
    rest = processes.start(site)
    runs = unended(rest)
    print(address(site, rest) + (listed(site, runs, "now") if runs else ""))
    return 0


def down(words: argparse.Namespace) -> int:
    """Stop Airflow, if it is up."""
    processes.stop(Site.of(words.repo))
    return 0


def site_of(repo: Path) -> Site:
    """The Airflow of a repository.

    Raises:
        PipelineError: the repository has no DAG, and no graph that could be one.
    """
    site = Site.of(repo)
    if site.drawn:
        graph_of(repo)
        see_that_committed(repo)
    return site


def address(site: Site, rest: AirflowApi) -> str:
    """Where the UI is, and how to log in."""
    return (
        f"Airflow is up: {rest.url}\n  user admin, password {secrets_of(site.home)['password']} "
        f"(kept in {site.home / 'secrets.json'})\n  stop it with `leeway down`"
    )
