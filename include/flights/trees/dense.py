"""Trees on a matrix in memory, by the C API of XGBoost.

In a server, `inplace_predict` takes 0.33 ms for one row, of which 0.19 ms are spent in Python on
finding out what it was given. Here it always is a matrix of float32.
https://xgboost.readthedocs.io/en/stable/c.html: XGBoosterPredictFromDense
"""

import ctypes
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.flights.trees import xgb

OPTIONS = json.dumps(
    {
        "type": 0,  # probabilities
        "training": False,
        "iteration_begin": 0,
        "iteration_end": 0,  # all trees
        "missing": float("nan"),
        "strict_shape": False,
        "cache_id": 0,
    }
).encode()
ARRAY = b'{"data":[%d,true],"shape":[%d,%d],"typestr":"<f4","version":3}'
LIBRARY: Any = xgb.core._LIB


def predict(booster: Any, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """The probabilities of the rows of a matrix.

    Raises:
        XGBoostError: the matrix has other columns than the trees.
    """
    matrix = np.ascontiguousarray(matrix, dtype=np.float32)
    rows, columns = matrix.shape
    if not rows:
        return np.empty(0)
    shape, found = ctypes.POINTER(ctypes.c_uint64)(), ctypes.POINTER(ctypes.c_float)()
    dimensions, array = ctypes.c_uint64(), ARRAY % (matrix.ctypes.data, rows, columns)
    out = (ctypes.byref(shape), ctypes.byref(dimensions), ctypes.byref(found))
    if LIBRARY.XGBoosterPredictFromDense(booster.handle, array, OPTIONS, None, *out):
        raise xgb.core.XGBoostError(LIBRARY.XGBGetLastError().decode())
    # A copy: what XGBoost holds is overwritten by the next prediction of this thread.
    return np.array(found[:rows], dtype=np.float64)
