"""
Keeping what migrations destroy, and putting it back when they are reversed.

Rows and columns are kept in side tables of the same database, with a registry of them there; no value leaves the database.
"""
