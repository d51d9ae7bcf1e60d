"""What Great Expectations, imported at less cost, still has for its rules and for others."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# In a process of its own: an import happens once.
PROGRAM = """
import sys
import pandas as pd
import polars as pl
from include.validation.checking import findings_of
from include.validation.engine import asset
from include.validation.suites import Rule

asset()
print(*[name for name in ("scipy.stats._stats_py", "altair.vegalite") if name in sys.modules])
kwargs = {"column": "n", "threshold": 0.1}
kwargs["partition_object"] = {"values": ["a", "b"], "weights": [0.5, 0.5]}
kind = "expect_column_kl_divergence_to_be_less_than"
rule = Rule(type=kind, kwargs=kwargs, severity="warning", description="as often as not")
[found] = findings_of(pl.DataFrame({"n": ["a", "a", "a", "b"]}), [rule], "a table")
print(found.holds, found.observed)
print(pd.Series([1, 2, 3]).corr(pd.Series([3, 2, 1]), method="kendall"))
import altair
print(altair.Chart(pd.DataFrame({"n": [1]})).mark_bar().to_dict()["mark"]["type"])
"""


def test_what_is_rare_is_read_for_who_needs_it_alone() -> None:
    words = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    # 3/4 ln(3/2) + 1/4 ln(1/2) = 0.1308
    assert done.stdout.splitlines() == ["", "False 0.130812", "-1.0", "bar"], done.stderr
