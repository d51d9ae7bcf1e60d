"""The trees of XGBoost: how they take flights."""
