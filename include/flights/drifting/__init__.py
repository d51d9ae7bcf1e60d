"""What report_drift reads: the periods that are compared, and what the model uses."""
