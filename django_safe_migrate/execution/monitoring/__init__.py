"""
Watching, from a connection and a thread of its own, what a run costs others: who waits for it, for whom it waits, and what it uses.

Nothing is imported here: the executor knows ``watching`` only, and a command that finds nothing to do pays for no more.
"""
