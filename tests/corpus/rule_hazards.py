"""
Which hazards the findings of a rule can stand for, by the rule's name: read from its name and the first line of its page, not its code.

Codes beyond the hazard table: S1 a session setting that outlives the migration, O3 another database than the one that is migrated,
O4 a field that the model does not have at that migration, SX what could not be read. `META` are rules about suppressions, which no entry has.
"""

from __future__ import annotations

RULE_HAZARDS: dict[str, frozenset[str]] = {
    name: frozenset(codes.split())
    for name, codes in {
        "add_check_validating": "C9 C10",
        "add_exclusion_constraint": "C11",
        "add_foreign_key_validating": "C8 C10",
        "add_index_without_concurrently": "C1 C5",
        "add_not_null": "B3 B4",
        "add_unique": "C6 C16",
        "alter_column_type": "C12",
        "auto_field_32_bit": "F1",
        "automatic_name": "E4",
        "change_primary_key": "PK F8",
        "concurrent_in_atomic": "C18",
        "drop_column": "A1",
        "drop_generated_source": "A8",
        "drop_not_null": "B7",
        "drop_table": "A2",
        "drop_without_release_between": "B9 B6",
        "enum_value_in_transaction": "C22",
        "field_replaced": "A5",
        "field_unordered_dependency": "E10",
        "foreign_key_without_index": "F3",
        "half_done_on_failure": "N1 D11",
        "index_after_alter": "C2",
        "irreversible_operation": "A7",
        "many_heavy_changes": "C19",
        "many_tables_in_one_transaction": "T5",
        "mixed_deployment_stages": "MX",
        "narrow_column": "C13",
        "non_atomic_ddl": "N1",
        "pending_trigger_events": "T2",
        "remove_db_default": "B8",
        "remove_index_without_concurrently": "C3",
        # It is about the INSERTs of the *new* release, which is B3 from the other side.
        "remove_not_null_field": "B6 B3",
        "rename_column": "B1",
        "rename_table": "B2",
        "reverse_blocks": "A7",
        "reverse_loses_data": "A6 RL",
        "run_python_argument_names": "D4",
        "run_python_bulk_without_batch_size": "P3",
        "run_python_calls_network": "P5",
        "run_python_destructive_sql": "A1 A2 A3 A4",
        "run_python_ignores_database_alias": "O3",
        "run_python_imports_model": "D3",
        "run_python_loads_all_rows": "D5",
        "run_python_reads_dropped_field": "O4",
        "run_python_saves_in_loop": "P2",
        "run_python_sql_from_text": "D9",
        "run_python_unordered_dependency": "O2 E10",
        "run_python_updates_whole_table": "P4",
        "run_python_without_reverse": "D1",
        "run_sql_blocking": "B5 C1 C3 C4 C8 C9 C10 C11 C12 C14 C17",
        "run_sql_breaks_running_code": "A1 B1 B2 B3 B5 B6",
        "run_sql_changes_session": "S1",
        "run_sql_destructive": "A1 A2 A3 A4",
        "run_sql_foreign_table": "O1 E10",
        "run_sql_lock_timeout_off": "C20",
        "run_sql_transaction_control": "D8",
        "run_sql_unread": "SX",
        "run_sql_whole_table_write": "D6 P4",
        "run_sql_without_if_exists": "D10 D11",
        "run_sql_without_reverse": "D2",
        "schema_and_data_in_one_transaction": "D7",
        "set_not_null": "B5",
        "sql_unavailable": "SX",
        "stored_generated_field": "C15",
        "table_rebuild": "W1",
        "unique_together_used": "C7",
        "unrecognised_operation": "SX",
        "validate_in_same_transaction": "T4",
        "volatile_db_default": "C14",
    }.items()
}

#: Findings that are about no hazard of a migration: suppressions, and a disk that only a live database has.
META = frozenset({"allow_unused", "allow_without_reason", "disk_too_full"})
