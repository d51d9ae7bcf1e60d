"""Bring Airflow's database to this version, and make the logins of .env.

A password that changed in .env changes here at the next start.
"""

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.providers.fab.auth_manager.security_manager.override import (
        FabAirflowSecurityManagerOverride as Manager,
    )

# Our name for a role, and that of Airflow's FAB provider.
ROLES = {"viewer": "Viewer", "operator": "Op", "admin": "Admin", "tasks": "Op"}


def main() -> None:
    """Migrate, then make or renew each login."""
    subprocess.run(["airflow", "db", "migrate"], check=True)
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        for name, role in ROLES.items():
            login(builder.sm, name, role, os.environ[f"LEEWAY_{name.upper()}_PASSWORD"])
            print(f"{name}: role {role}")


def login(manager: "Manager", name: str, role: str, password: str) -> None:
    """Make a login, or give the one that is there this password."""
    user = manager.find_user(username=name)
    if user is None:
        address = f"{name}@localhost"
        manager.add_user(name, name, "", address, manager.find_role(role), password)
    else:
        manager.reset_password(user.id, password)


if __name__ == "__main__":
    main()
