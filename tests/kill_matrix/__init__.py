"""
The proof of "killed at any instant, nothing is lost".

A run is killed at each of its points, its connection is cut there, or the server crashes there. Then `migrate_status` has to
tell what the catalogue shows, and running again, or `migrate_repair`, has to end where an undisturbed run ends.
"""
