"""
The recall corpus: small migrations with the truth about them, written from the vendors' documentation and not from the rules.

An entry says what a careful reviewer would want to be told about a migration of a shop whose tables exist, are large and busy, on each
vendor. `test_corpus.py` compares this with what the analysis says, without any server. `python -m tests.corpus` prints the table.

How to add an entry:

1. Choose the module of `tests/corpus/entries/` that the hazard belongs to (or make one: every module with `ENTRIES` is found).
2. Write an `Entry`: an id in kebab-case, one line of description, the operations of the pending migration (or several `Pending`), and
   the truth per vendor. The tables that exist are in `shop.py`. A vendor without a truth is not asked: the operation does not exist there.
3. Write the truth from the documentation, never from what the analysis prints::

       truth=on(
           postgresql=finds("postgresql.md 2.1 row 34", C1="error"),
           innodb=clean("ADD INDEX is NOCOPY, LOCK=NONE"),       # MariaDB and MySQL
           sqlite=clean("one short write lock"),
       )

   `error` must block on a large busy table, `warning` must be told, `info` must be noted; `{"C1|C5": "error"}` is satisfied by either
   code. What reasonable reviewers disagree about goes to `tolerates={"C3": "why"}`: allowed at any level, not required. Use it sparingly. An empty `finds` is
   `clean`: nothing at warning or error level. `every=` is the truth of all vendors that have none of their own.
4. Functions for RunPython are real functions in `tests/corpus/code/`, for rules read their source.
5. A new rule gets its codes in `rule_hazards.py`; a test fails until it has. A new hazard gets its line in `coverage.py`, which says where
   it exists, and which entries come close to it without being it.

When the analysis and an entry disagree, decide from the documentation which of the two is wrong, and change that one: never the truth
because of what the analysis says.

What cannot be settled at once is listed in `disagreements.py` with its reason: those cases are expected to fail, and a test fails when one
of them no longer does.

Codes: A1 drop column, A2 drop table, A3 truncate or delete all, A4 drop schema, A5 rename as remove and add, A6 reverse loses data,
A7 reverse fails or blocks, A8 drop of a generated column's source; B1 rename column, B2 rename table, B3 NOT NULL without default,
B4 NOT NULL with a default of Python only, B5 NULL to NOT NULL, B6 old INSERTs fail, B7 NULLs allowed, B8 db_default removed,
B9 both halves at once; C1 index, C2 index after ALTER, C3 drop index, C4 reindex, C5 implicit index, C6 unique on existing rows,
C7 unique_together, C8 foreign key, C9 check, C10 raw constraint, C11 exclusion, C12 type change or rewrite, C13 narrower, C14 volatile
default, C15 stored generated column, C16 unique with one default for all, C17 tablespace, C18 not allowed in a transaction, C19 many heavy
operations, C20 lock timeout off, C22 enum value; D1, D2 no way back, D3 direct import, D4 names of arguments, D5 all rows in memory,
D6 slow data migration, D7 schema and data in one transaction, D8 BEGIN or COMMIT, D9 SQL out of values, D10 no IF EXISTS, D11 not
re-runnable; E4 automatic name, E10 missing dependency; F1 32-bit key, F3 foreign key without index, F8 composite key; T2 pending trigger
events, T4 VALIDATE with NOT VALID, T5 many tables locked, N1 half done on failure, O1 SQL on a table of another app, O2 model of another
app, P2 save per row, P3 bulk without batch size, P4 whole table, P5 network, PK primary key change, RL reverse loses data, MX additive and
destructive; W1 a table is copied on SQLite (a note);
S1, O3, O4, SX: see `rule_hazards.py`.
"""

from __future__ import annotations
