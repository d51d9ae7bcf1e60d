"""One alert per incident, by log, e-mail or webhook, whichever worker sees it and however often."""
