"""The trees of XGBoost: how they take flights.

XGBoost imports scikit-learn, which takes a second, to offer classes that nothing here uses: it is
imported from here, and finds none.
"""

import sys
from typing import Any

held: dict[str, Any] = sys.modules
if "sklearn" in held or "xgboost" in held:
    import xgboost as xgb
else:
    held["sklearn"] = None  # to Python: there is no such module
    try:
        import xgboost as xgb
    finally:
        del held["sklearn"]

__all__ = ["xgb"]
