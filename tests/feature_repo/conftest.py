"""Feast is here as stages have it: its types are not checked anew at each call."""

from include.feature_store.feast_import import import_feast

import_feast()
