"""Which version of a model is live, was live, and was made from what: git tags, as gto reads them.

`NAME@v0.0.3` registers a version: the commit of the experiment that made it, with what DVC knew of
it in its message. `NAME#champion#7` makes the version of a commit the champion, as the seventh act.
"""
