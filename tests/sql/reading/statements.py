"""Statements as people write them, and what is read of them."""

from __future__ import annotations

from django_safe_migrate.databases.statements import (
    AddColumn,
    AddConstraint,
    AddIndex,
    AlterColumnType,
    AlterDomain,
    AlterEnum,
    AlterIndex,
    AlterTable,
    AttachPartition,
    ChangeRows,
    ChangeTrigger,
    ChangeView,
    ColumnDefinition,
    ConstraintKind,
    CreateIndex,
    CreateTable,
    Default,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropIndexAction,
    DropTable,
    LockTable,
    Maintenance,
    ModifyColumn,
    OtherAction,
    OtherObject,
    RefreshMaterializedView,
    Reindex,
    RenameColumn,
    RenameTable,
    Select,
    SetDefault,
    SetNotNull,
    SetVariable,
    TransactionControl,
    Unread,
    ValidateConstraint,
)

POSTGRESQL = [
    (
        "ALTER TABLE shop_order ADD COLUMN a varchar(20) NOT NULL DEFAULT 'x'::character varying, ADD b numeric(8,2), DROP COLUMN IF EXISTS c CASCADE",
        [
            AlterTable(
                table="shop_order",
                actions=(
                    AddColumn(
                        column=ColumnDefinition(
                            name="a", type="varchar(20)", null=False, default=Default.CONSTANT
                        )
                    ),
                    AddColumn(column=ColumnDefinition(name="b", type="numeric(8, 2)")),
                    DropColumn(column="c", cascade=True, if_exists=True),
                ),
            )
        ],
    ),
    (
        "ALTER TABLE ONLY public.shop_order ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES shop_customer (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT VALID",
        [
            AlterTable(
                table="shop_order",
                actions=(
                    AddConstraint(
                        kind=ConstraintKind.FOREIGN_KEY,
                        name="fk",
                        columns=("customer_id",),
                        references="shop_customer",
                        not_valid=True,
                    ),
                ),
                only=True,
            )
        ],
    ),
    (
        'ALTER TABLE "Shop Order" ALTER COLUMN "X" TYPE timestamp (3) with time zone USING x::timestamptz, ALTER y SET NOT NULL, ALTER z DROP DEFAULT',
        [
            AlterTable(
                table="Shop Order",
                actions=(
                    AlterColumnType(column="X", type="timestamp(3) with time zone", using=True),
                    SetNotNull(column="y"),
                    DropDefault(column="z"),
                ),
            )
        ],
    ),
    *(
        (
            f"ALTER TABLE t ALTER x TYPE varchar(20) USING {expression}",
            [
                AlterTable(
                    table="t",
                    actions=(AlterColumnType(column="x", type="varchar(20)", using=using),),
                )
            ],
        )
        for expression, using in (
            ("x::varchar(20)", False),
            ('"x"::character varying (20)', False),
            ("((x)::varchar(20))", True),
            ("(x::varchar(20))", False),
            ("CAST(x AS varchar(20))", False),
            ("x", False),
            ("x::varchar(10)", True),
            ("y::varchar(20)", True),
            ("x::text::varchar(20)", True),
            ("upper(x)::varchar(20)", True),
            ("'x'::varchar(20)", True),
            ("CAST(x AS varchar(20)) || 'y'", True),
            ("(x)::varchar(20) || (y)", True),
            ('x::varchar(20) COLLATE "C"', True),
            ("CAST", True),
        )
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
        [
            AlterTable(
                table="t",
                actions=(AddConstraint(kind=ConstraintKind.CHECK, name="c", not_valid=True),),
            )
        ],
    ),
    (
        "ALTER TABLE t VALIDATE CONSTRAINT c",
        [AlterTable(table="t", actions=(ValidateConstraint(name="c"),))],
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX u_idx",
        [
            AlterTable(
                table="t",
                actions=(AddConstraint(kind=ConstraintKind.UNIQUE, name="u", using_index="u_idx"),),
            )
        ],
    ),
    (
        "ALTER TABLE t ADD PRIMARY KEY USING INDEX p",
        [
            AlterTable(
                table="t",
                actions=(AddConstraint(kind=ConstraintKind.PRIMARY_KEY, using_index="p"),),
            )
        ],
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT cancelled)",
        [
            AlterTable(
                table="t",
                actions=(
                    AddConstraint(
                        kind=ConstraintKind.EXCLUDE,
                        name="e",
                        columns=(
                            "room",
                            "during",
                        ),
                    ),
                ),
            )
        ],
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT n NOT NULL col NOT VALID",
        [
            AlterTable(
                table="t",
                actions=(
                    AddConstraint(
                        kind=ConstraintKind.NOT_NULL, name="n", columns=("col",), not_valid=True
                    ),
                ),
            )
        ],
    ),
    (
        "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
        [AlterTable(table="p", actions=(AttachPartition(partition="c"),))],
    ),
    (
        "ALTER TABLE p DETACH PARTITION c CONCURRENTLY",
        [AlterTable(table="p", actions=(DetachPartition(partition="c", concurrently=True),))],
    ),
    (
        "ALTER TABLE p ATTACH PARTITION d DEFAULT",
        [AlterTable(table="p", actions=(AttachPartition(partition="d", is_default=True),))],
    ),
    (
        "ALTER TABLE t ADD x uuid DEFAULT gen_random_uuid(), ADD y timestamptz DEFAULT now() NOT NULL, ADD z int DEFAULT 1 + 1, ADD w serial, ADD v bigint GENERATED BY DEFAULT AS IDENTITY (START 1), ADD g int GENERATED ALWAYS AS (a * 2) STORED, ADD h text DEFAULT null",
        [
            AlterTable(
                table="t",
                actions=(
                    AddColumn(
                        column=ColumnDefinition(name="x", type="uuid", default=Default.VOLATILE)
                    ),
                    AddColumn(
                        column=ColumnDefinition(
                            name="y",
                            type="timestamp with time zone",
                            null=False,
                            default=Default.STABLE,
                        )
                    ),
                    AddColumn(
                        column=ColumnDefinition(name="z", type="integer", default=Default.IMMUTABLE)
                    ),
                    AddColumn(
                        column=ColumnDefinition(
                            name="w",
                            type="serial",
                            null=False,
                            default=Default.VOLATILE,
                            identity=True,
                        )
                    ),
                    AddColumn(
                        column=ColumnDefinition(name="v", type="bigint", null=False, identity=True)
                    ),
                    AddColumn(
                        column=ColumnDefinition(name="g", type="integer", generated="stored")
                    ),
                    AddColumn(column=ColumnDefinition(name="h", type="text")),
                ),
            )
        ],
    ),
    (
        "ALTER TABLE t ADD r int NULL CONSTRAINT rr REFERENCES o (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, ADD CONSTRAINT x UNIQUE NULLS NOT DISTINCT (a, b)",
        [
            AlterTable(
                table="t",
                actions=(
                    AddColumn(column=ColumnDefinition(name="r", type="integer", references="o")),
                    AddConstraint(
                        kind=ConstraintKind.UNIQUE,
                        name="x",
                        columns=(
                            "a",
                            "b",
                        ),
                    ),
                ),
            )
        ],
    ),
    ("SET CONSTRAINTS ALL IMMEDIATE", [SetVariable(name="constraints", value="immediate")]),
    ('SET CONSTRAINTS "a", b DEFERRED', [SetVariable(name="constraints", value="deferred")]),
    ("SET lock_timeout = '5s'", [SetVariable(name="lock_timeout", value="5s")]),
    (
        "SET LOCAL statement_timeout TO 0",
        [SetVariable(name="statement_timeout", value="0", scope="local")],
    ),
    ("SET search_path TO a, b", [SetVariable(name="search_path", value="a, b")]),
    ("RESET ALL", [SetVariable(name="all", value="default")]),
    (
        "SELECT set_config('lock_timeout', '0', false)",
        [SetVariable(name="lock_timeout", value="0")],
    ),
    (
        "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'meh' BEFORE 'ok'",
        [AlterEnum(type="mood", keywords="ADD VALUE", value="meh")],
    ),
    (
        "ALTER TYPE mood RENAME VALUE 'a' TO 'b'",
        [AlterEnum(type="mood", keywords="RENAME VALUE", value="b")],
    ),
    ("ALTER TYPE t OWNER TO x", [OtherObject(keywords="ALTER TYPE", name="t")]),
    (
        "REINDEX (VERBOSE, CONCURRENTLY) TABLE t",
        [Reindex(kind="table", name="t", concurrently=True)],
    ),
    ("REINDEX INDEX CONCURRENTLY i", [Reindex(kind="index", name="i", concurrently=True)]),
    ("REINDEX DATABASE d", [Reindex(kind="database", name="d")]),
    ("CLUSTER t USING i", [Maintenance(command="CLUSTER", tables=("t",))]),
    ("VACUUM (FULL, ANALYZE) t", [Maintenance(command="VACUUM FULL", tables=("t",))]),
    ("VACUUM FULL", [Maintenance(command="VACUUM FULL")]),
    (
        "VACUUM ANALYZE t (a, b), u",
        [
            Maintenance(
                command="VACUUM",
                tables=(
                    "t",
                    "u",
                ),
            )
        ],
    ),
    ("ANALYZE t", [Maintenance(command="ANALYZE", tables=("t",))]),
    (
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v WITH NO DATA",
        [RefreshMaterializedView(view="v", concurrently=True, with_data=False)],
    ),
    (
        "CREATE TRIGGER tr BEFORE INSERT OR UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f()",
        [ChangeTrigger(keywords="CREATE TRIGGER", table="t", name="tr")],
    ),
    (
        "DROP TRIGGER IF EXISTS tr ON t",
        [ChangeTrigger(keywords="DROP TRIGGER", table="t", name="tr")],
    ),
    ("COMMENT ON TABLE t IS 'x; y'", [OtherObject(keywords="COMMENT ON", table="t")]),
    ("COMMENT ON COLUMN public.t.a IS NULL", [OtherObject(keywords="COMMENT ON", table="t")]),
    (
        "LOCK TABLE t, ONLY u IN SHARE ROW EXCLUSIVE MODE NOWAIT",
        [
            LockTable(
                tables=(
                    "t",
                    "u",
                ),
                mode="SHARE ROW EXCLUSIVE",
            )
        ],
    ),
    ("LOCK t", [LockTable(tables=("t",))]),
    ("ALTER INDEX i RENAME TO j", [AlterIndex(name="i", keywords="RENAME")]),
    ("ALTER INDEX i ATTACH PARTITION k", [AlterIndex(name="i", keywords="ATTACH PARTITION")]),
    (
        "ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > 0) NOT VALID",
        [AlterDomain(domain="d", keywords="ADD NOT VALID")],
    ),
    (
        "ALTER DOMAIN d VALIDATE CONSTRAINT c",
        [AlterDomain(domain="d", keywords="VALIDATE CONSTRAINT")],
    ),
    (
        "ALTER SEQUENCE IF EXISTS s RESTART WITH 5",
        [OtherObject(keywords="ALTER SEQUENCE", name="s")],
    ),
    ("DO $$ BEGIN DELETE FROM t; END $$", [Unread(reason="It is a block of code.")]),
    (
        "CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $body$ BEGIN DROP TABLE x; END; $body$ LANGUAGE plpgsql",
        [OtherObject(keywords="CREATE FUNCTION", name="f", guarded=True)],
    ),
    ("SELECT 1", [Select()]),
    (
        "CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN 1 END; END",
        [OtherObject(keywords="CREATE FUNCTION", name="g")],
    ),
    (
        "DROP TABLE a, b CASCADE",
        [
            DropTable(
                tables=(
                    "a",
                    "b",
                ),
                cascade=True,
            )
        ],
    ),
    ("\\i other.sql", [Unread(reason="It is a command of a client program, \\i, not SQL.")]),
    ("SELECT 1", [Select()]),
    ("\\connect x", [Unread(reason="It is a command of a client program, \\connect, not SQL.")]),
    ("UPDATE t SET a = %s WHERE b IN %s", [ChangeRows(kind="update", table="t", conditional=True)]),
    ("UPDATE t SET a = 1", [ChangeRows(kind="update", table="t")]),
    ("UPDATE t SET a = 1 WHERE true", [ChangeRows(kind="update", table="t")]),
    (
        "UPDATE t SET a = u.b FROM u WHERE u.id = t.id",
        [ChangeRows(kind="update", table="t", conditional=True, reads=("u",))],
    ),
    ("DELETE FROM ONLY t", [ChangeRows(kind="delete", table="t")]),
    (
        "DELETE FROM t USING u WHERE t.id = u.id",
        [ChangeRows(kind="delete", table="t", conditional=True, reads=("u",))],
    ),
    ("INSERT INTO t (a) SELECT b FROM u", [ChangeRows(kind="insert", table="t", reads=("u",))]),
    (
        "INSERT INTO t SELECT * FROM u WHERE x LIKE 'a%%' ON CONFLICT DO NOTHING",
        [ChangeRows(kind="insert", table="t", conditional=True, reads=("u",))],
    ),
    ("INSERT INTO t VALUES (1, %(x)s)", [ChangeRows(kind="insert", table="t")]),
    (
        "WITH gone AS (DELETE FROM t RETURNING id) SELECT count(*) FROM gone",
        [ChangeRows(kind="delete", table="t"), Select(reads=("t",))],
    ),
    (
        "WITH x AS (SELECT id FROM t LIMIT 100) UPDATE t SET a = 1 FROM x WHERE x.id = t.id",
        [ChangeRows(kind="update", table="t", conditional=True)],
    ),
    (
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT VALUES (1)",
        [ChangeRows(kind="merge", table="t", conditional=True, reads=("s",))],
    ),
    (
        "SELECT * FROM a JOIN b ON a.id = b.id WHERE EXISTS (SELECT 1 FROM c.d) FOR UPDATE",
        [
            Select(
                reads=(
                    "a",
                    "b",
                    "c.d",
                ),
                locks_rows=True,
            )
        ],
    ),
    ("SELECT * INTO n FROM o", [CreateTable(table="n", reads=("o",))]),
    ("SELECT extract(year FROM x) FROM t", [Select(reads=("t",))]),
    ("TABLE t", [Select(reads=("t",))]),
    ("VALUES (1)", [Select()]),
    (
        'CREATE TABLE IF NOT EXISTS s.t (id bigserial PRIMARY KEY, a int REFERENCES u, b text COLLATE "C" NOT NULL, CONSTRAINT x FOREIGN KEY (a, b) REFERENCES w (c, d), CHECK (a > 0), UNIQUE (a), LIKE z INCLUDING ALL)',
        [
            CreateTable(
                table="s.t",
                columns=(
                    ColumnDefinition(
                        name="id",
                        type="bigserial",
                        null=False,
                        default=Default.VOLATILE,
                        identity=True,
                        primary_key=True,
                    ),
                    ColumnDefinition(name="a", type="integer", references="u"),
                    ColumnDefinition(name="b", type="text", null=False, collation="C"),
                ),
                references=(
                    "u",
                    "w",
                ),
                if_not_exists=True,
            )
        ],
    ),
    (
        "CREATE TEMP TABLE t AS SELECT * FROM u",
        [CreateTable(table="t", reads=("u",), temporary=True)],
    ),
    (
        "CREATE UNLOGGED TABLE t (a int)",
        [CreateTable(table="t", columns=(ColumnDefinition(name="a", type="integer"),))],
    ),
    ("CREATE TABLE c PARTITION OF p FOR VALUES IN (1)", [CreateTable(table="c", partition_of="p")]),
    (
        "CREATE TABLE t (a, b) AS (SELECT 1 FROM x)",
        [
            CreateTable(
                table="t",
                columns=(
                    ColumnDefinition(name="a"),
                    ColumnDefinition(name="b"),
                ),
                reads=("x",),
            )
        ],
    ),
    (
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY t USING gin (a gin_trgm_ops, lower(b), (c || d), e DESC NULLS LAST) INCLUDE (f) WHERE g IS NULL",
        [
            CreateIndex(
                table="t",
                name="i",
                columns=(
                    "a",
                    "e",
                ),
                unique=True,
                concurrently=True,
                if_not_exists=True,
                method="gin",
                partial=True,
                only=True,
            )
        ],
    ),
    ("CREATE INDEX ON t (a)", [CreateIndex(table="t", columns=("a",))]),
    (
        "DROP INDEX CONCURRENTLY IF EXISTS public.i",
        [DropIndex(names=("i",), concurrently=True, if_exists=True)],
    ),
    ("DROP SCHEMA a, b CASCADE", [OtherObject(keywords="DROP SCHEMA", name="a, b", cascade=True)]),
    ("DROP MATERIALIZED VIEW v", [ChangeView(keywords="DROP MATERIALIZED VIEW", views=("v",))]),
    ("DROP FUNCTION f(int, text), g()", [OtherObject(keywords="DROP FUNCTION", name="f")]),
    ("DROP OWNED BY x", [OtherObject(keywords="DROP OWNED", name="x")]),
    (
        "DROP EXTENSION IF EXISTS hstore",
        [OtherObject(keywords="DROP EXTENSION", name="hstore", guarded=True)],
    ),
    ("DROP DATABASE d", [OtherObject(keywords="DROP DATABASE", name="d")]),
    (
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        [OtherObject(keywords="CREATE EXTENSION", name="pg_trgm", guarded=True)],
    ),
    ("CREATE SEQUENCE s", [OtherObject(keywords="CREATE SEQUENCE", name="s")]),
    ("CREATE TYPE mood AS ENUM ('a')", [OtherObject(keywords="CREATE TYPE", name="mood")]),
    (
        "CREATE STATISTICS st (dependencies) ON a, b FROM t",
        [OtherObject(keywords="CREATE STATISTICS", name="st", table="t")],
    ),
    ("GRANT SELECT ON t TO r", [OtherObject(keywords="GRANT", table="t")]),
    ("GRANT USAGE ON SCHEMA s TO r", [OtherObject(keywords="GRANT")]),
    (
        "CREATE POLICY p ON t USING (true)",
        [ChangeTrigger(keywords="CREATE POLICY", table="t", name="p")],
    ),
    (
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        [AlterTable(table="t", actions=(OtherAction(keywords="ENABLE ROW LEVEL SECURITY"),))],
    ),
    ("BEGIN", [TransactionControl(keywords="BEGIN")]),
    ("COMMIT", [TransactionControl(keywords="COMMIT")]),
    ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE", [TransactionControl(keywords="BEGIN")]),
    ("ROLLBACK TO SAVEPOINT x", [TransactionControl(keywords="ROLLBACK TO")]),
    ("SAVEPOINT y", [TransactionControl(keywords="SAVEPOINT")]),
    ("RELEASE y", [TransactionControl(keywords="RELEASE")]),
    ("END", [TransactionControl(keywords="COMMIT")]),
    (
        "CREATE OR REPLACE VIEW v AS SELECT * FROM t",
        [ChangeView(keywords="CREATE OR REPLACE VIEW", views=("v",), reads=("t",), guarded=True)],
    ),
    (
        "CREATE MATERIALIZED VIEW mv AS WITH x AS (SELECT 1 FROM t) SELECT * FROM x WITH NO DATA",
        [ChangeView(keywords="CREATE MATERIALIZED VIEW", views=("mv",), reads=("t",))],
    ),
    (
        "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)",
        [ChangeTrigger(keywords="CREATE RULE", table="t", name="r")],
    ),
    ("SELECT 2", [Select()]),
    (
        "ALTER TABLE t SET TABLESPACE x, SET (fillfactor = 70), ALTER a SET STATISTICS 100, ALTER b SET STORAGE EXTERNAL, OWNER TO me, SET LOGGED, RENAME CONSTRAINT a TO b",
        [
            AlterTable(
                table="t",
                actions=(
                    OtherAction(keywords="SET TABLESPACE"),
                    OtherAction(keywords="SET"),
                    OtherAction(keywords="SET STATISTICS", column="a"),
                    OtherAction(keywords="SET STORAGE", column="b"),
                    OtherAction(keywords="OWNER TO"),
                    OtherAction(keywords="SET LOGGED"),
                    OtherAction(keywords="RENAME CONSTRAINT"),
                ),
            )
        ],
    ),
    ("ALTER TABLE t RENAME TO u", [AlterTable(table="t", actions=(RenameTable(new_name="u"),))]),
    (
        "ALTER TABLE s.t RENAME a TO b",
        [AlterTable(table="s.t", actions=(RenameColumn(column="a", new_name="b"),))],
    ),
    ("ALTER TABLE t SET SCHEMA s", [AlterTable(table="t", actions=(RenameTable(new_name="s.t"),))]),
    ("ALTER SYSTEM SET x = 1", [OtherObject(keywords="ALTER SYSTEM", name="x")]),
    ("CALL p()", [Unread(reason="It calls a procedure, which may do anything.")]),
    ("COPY t FROM STDIN", [ChangeRows(kind="insert", table="t")]),
    ("COPY (SELECT * FROM t) TO '/x'", [Select(reads=("t",))]),
    ("FOO BAR", [Unread(reason="No statement that is known begins with FOO.")]),
    (
        "ALTER TABLE t ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY, ALTER b DROP IDENTITY IF EXISTS, ALTER c SET DEFAULT nextval('s'::regclass), ALTER c SET EXPRESSION AS (a+1), ALTER d SET DATA TYPE public.citext COLLATE \"de_DE\"",
        [
            AlterTable(
                table="t",
                actions=(
                    OtherAction(keywords="ADD GENERATED", column="a"),
                    OtherAction(keywords="DROP IDENTITY", column="b"),
                    SetDefault(column="c", default=Default.VOLATILE),
                    OtherAction(keywords="SET EXPRESSION", column="c"),
                    AlterColumnType(column="d", type="citext", collation="de_DE"),
                ),
            )
        ],
    ),
    (
        "CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION f()",
        [OtherObject(keywords="CREATE EVENT TRIGGER", name="x")],
    ),
    (
        "CREATE USER MAPPING FOR u SERVER s",
        [OtherObject(keywords="CREATE USER MAPPING", name="for")],
    ),
    ("CREATE DATABASE d", [OtherObject(keywords="CREATE DATABASE", name="d")]),
    ("CREATE AGGREGATE my(int) (sfunc = x)", [OtherObject(keywords="CREATE AGGREGATE", name="my")]),
    ("EXPLAIN ANALYZE DELETE FROM t", [ChangeRows(kind="delete", table="t")]),
    ("EXPLAIN SELECT 1", [Select()]),
]

MYSQL = [
    (
        "ALTER TABLE `shop_order` ADD COLUMN a int(11) unsigned NOT NULL DEFAULT 0 AFTER b, ADD (c varchar(20), d text), ADD INDEX i (a(10), b), ADD UNIQUE KEY u (a), ADD UNIQUE u2 (a), ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES t (id), ALGORITHM=INPLACE, LOCK=NONE",
        [
            AlterTable(
                table="shop_order",
                actions=(
                    AddColumn(
                        column=ColumnDefinition(
                            name="a", type="integer unsigned", null=False, default=Default.CONSTANT
                        ),
                        position="after",
                    ),
                    AddColumn(column=ColumnDefinition(name="c", type="varchar(20)")),
                    AddColumn(column=ColumnDefinition(name="d", type="text")),
                    AddIndex(
                        name="i",
                        columns=(
                            "a",
                            "b",
                        ),
                    ),
                    AddIndex(name="u", columns=("a",), kind="unique"),
                    AddConstraint(kind=ConstraintKind.UNIQUE, name="u2", columns=("a",)),
                    AddConstraint(
                        kind=ConstraintKind.FOREIGN_KEY, name="f", columns=("a",), references="t"
                    ),
                ),
                algorithm="INPLACE",
                lock="NONE",
            )
        ],
    ),
    (
        "ALTER TABLE t MODIFY COLUMN a bigint NOT NULL FIRST, CHANGE a b varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT '' COMMENT 'x', DROP a, DROP FOREIGN KEY f, DROP PRIMARY KEY, DROP INDEX i, DROP KEY j, DROP CHECK c, DROP CONSTRAINT d, RENAME INDEX a TO b, RENAME COLUMN c TO d, RENAME TO u",
        [
            AlterTable(
                table="t",
                actions=(
                    ModifyColumn(
                        column="a",
                        new=ColumnDefinition(name="a", type="bigint", null=False),
                        position="first",
                    ),
                    ModifyColumn(
                        column="a",
                        new=ColumnDefinition(
                            name="b",
                            type="varchar(50)",
                            default=Default.CONSTANT,
                            collation="utf8mb4_bin",
                        ),
                    ),
                    DropColumn(column="a"),
                    DropConstraint(name="f", kind=ConstraintKind.FOREIGN_KEY),
                    DropConstraint(name="PRIMARY", kind=ConstraintKind.PRIMARY_KEY),
                    DropIndexAction(name="i"),
                    DropIndexAction(name="j"),
                    DropConstraint(name="c", kind=ConstraintKind.CHECK),
                    DropConstraint(name="d"),
                    OtherAction(keywords="RENAME INDEX"),
                    RenameColumn(column="c", new_name="d"),
                    RenameTable(new_name="u"),
                ),
            )
        ],
    ),
    (
        "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
        [AlterTable(table="t", actions=(OtherAction(keywords="CONVERT TO CHARACTER SET"),))],
    ),
    (
        "ALTER TABLE t ENGINE=InnoDB ROW_FORMAT=DYNAMIC",
        [
            AlterTable(
                table="t",
                actions=(
                    OtherAction(keywords="ENGINE INNODB"),
                    OtherAction(keywords="ROW_FORMAT"),
                ),
            )
        ],
    ),
    ("ALTER TABLE t FORCE", [AlterTable(table="t", actions=(OtherAction(keywords="FORCE"),))]),
    (
        "ALTER TABLE t ALTER COLUMN a SET DEFAULT 5, ALTER INDEX i INVISIBLE",
        [
            AlterTable(
                table="t",
                actions=(
                    SetDefault(column="a"),
                    OtherAction(keywords="ALTER INDEX"),
                ),
            )
        ],
    ),
    (
        "ALTER TABLE t AUTO_INCREMENT = 100",
        [AlterTable(table="t", actions=(OtherAction(keywords="AUTO_INCREMENT"),))],
    ),
    (
        "ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4",
        [AlterTable(table="t", actions=(OtherAction(keywords="PARTITION BY"),))],
    ),
    (
        "ALTER TABLE t ADD a datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), ADD b char(36) DEFAULT (uuid()), ADD c int DEFAULT (1 + 1), ADD d int GENERATED ALWAYS AS (a+1) VIRTUAL, ADD e int AS (a) STORED, ADD f tinyint(1), ADD g enum('a','b,c') , ADD FULLTEXT INDEX ft (a), ADD h int AUTO_INCREMENT UNIQUE",
        [
            AlterTable(
                table="t",
                actions=(
                    AddColumn(
                        column=ColumnDefinition(
                            name="a", type="datetime(6)", default=Default.STABLE
                        )
                    ),
                    AddColumn(
                        column=ColumnDefinition(name="b", type="char(36)", default=Default.VOLATILE)
                    ),
                    AddColumn(
                        column=ColumnDefinition(name="c", type="integer", default=Default.IMMUTABLE)
                    ),
                    AddColumn(
                        column=ColumnDefinition(name="d", type="integer", generated="virtual")
                    ),
                    AddColumn(
                        column=ColumnDefinition(name="e", type="integer", generated="stored")
                    ),
                    AddColumn(column=ColumnDefinition(name="f", type="bool")),
                    AddColumn(column=ColumnDefinition(name="g", type="enum('a', 'b,c')")),
                    AddIndex(name="ft", columns=("a",), kind="fulltext"),
                    AddColumn(
                        column=ColumnDefinition(
                            name="h", type="integer", identity=True, unique=True
                        )
                    ),
                ),
            )
        ],
    ),
    (
        "RENAME TABLE a TO b, c TO d",
        [
            AlterTable(table="a", actions=(RenameTable(new_name="b"),)),
            AlterTable(table="c", actions=(RenameTable(new_name="d"),)),
        ],
    ),
    ("DROP INDEX i ON t", [DropIndex(names=("i",), table="t")]),
    (
        "CREATE FULLTEXT INDEX i ON t (a, b)",
        [
            CreateIndex(
                table="t",
                name="i",
                columns=(
                    "a",
                    "b",
                ),
                kind="fulltext",
            )
        ],
    ),
    (
        "CREATE INDEX i USING BTREE ON t (a DESC) ALGORITHM=INPLACE LOCK=NONE",
        [CreateIndex(table="t", name="i", columns=("a",), method="btree")],
    ),
    (
        "OPTIMIZE TABLE a, b",
        [
            Maintenance(
                command="OPTIMIZE",
                tables=(
                    "a",
                    "b",
                ),
            )
        ],
    ),
    ("REPAIR LOCAL TABLE t", [Maintenance(command="REPAIR", tables=("t",))]),
    (
        "LOCK TABLES a READ, b WRITE",
        [
            LockTable(
                tables=(
                    "a",
                    "b",
                ),
                mode="WRITE",
            )
        ],
    ),
    ("UNLOCK TABLES", [OtherObject(keywords="UNLOCK TABLES")]),
    (
        "DELETE t FROM t JOIN u ON t.id = u.id",
        [ChangeRows(kind="delete", table="t", conditional=True, reads=("u",))],
    ),
    (
        "UPDATE t JOIN u ON t.id = u.id SET t.a = 1",
        [ChangeRows(kind="update", table="t", conditional=True, reads=("u",))],
    ),
    ("UPDATE t SET a = 1 LIMIT 100", [ChangeRows(kind="update", table="t", conditional=True)]),
    ("DELETE FROM `t`", [ChangeRows(kind="delete", table="t")]),
    ("REPLACE INTO t VALUES (1)", [ChangeRows(kind="insert", table="t")]),
    ("INSERT IGNORE INTO t SELECT * FROM u", [ChangeRows(kind="insert", table="t", reads=("u",))]),
    ("LOAD DATA INFILE 'x' INTO TABLE t", [ChangeRows(kind="insert", table="t")]),
    (
        "CREATE DEFINER=`root`@`localhost` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN IF NEW.a THEN DELETE FROM u; END IF; SELECT CASE a WHEN 1 THEN 2 END; END",
        [ChangeTrigger(keywords="CREATE TRIGGER", table="t", name="tr")],
    ),
    ("DROP TABLE x", [DropTable(tables=("x",))]),
    (
        "CREATE PROCEDURE p() BEGIN DECLARE i INT; WHILE i < 5 DO SET i = i + 1; IF i THEN DROP TABLE q; ELSEIF x THEN SELECT 1; END IF; END WHILE; lbl: LOOP LEAVE lbl; END LOOP; REPEAT SET x = REPEAT('a', 2); UNTIL 1 END REPEAT; CASE x WHEN 1 THEN DELETE FROM z; END CASE; END",
        [OtherObject(keywords="CREATE PROCEDURE", name="p")],
    ),
    ("SELECT 1", [Select()]),
    (
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = IF(1, 2, 3)",
        [ChangeTrigger(keywords="CREATE TRIGGER", table="t", name="tr")],
    ),
    ("DROP TABLE IF EXISTS y", [DropTable(tables=("y",), if_exists=True)]),
    ("SET NAMES utf8", [SetVariable(name="names", value="utf8")]),
    (
        "SET SESSION max_statement_time = 0, GLOBAL lock_wait_timeout = 5",
        [
            SetVariable(name="max_statement_time", value="0"),
            SetVariable(name="lock_wait_timeout", value="5", scope="global"),
        ],
    ),
    (
        "SET @@session.innodb_lock_wait_timeout=1",
        [SetVariable(name="innodb_lock_wait_timeout", value="1")],
    ),
    ("SET @x := 5", [SetVariable(name="@x", value="5")]),
    (
        "SET STATEMENT max_statement_time=1 FOR DELETE FROM t",
        [ChangeRows(kind="delete", table="t")],
    ),
    ("SET foreign_key_checks = 0", [SetVariable(name="foreign_key_checks", value="0")]),
    (
        "CREATE TABLE `t` (`id` int NOT NULL AUTO_INCREMENT, `name` varchar(10) DEFAULT NULL, KEY `k` (`name`), PRIMARY KEY (`id`), CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `u` (`id`)) ENGINE=InnoDB",
        [
            CreateTable(
                table="t",
                columns=(
                    ColumnDefinition(
                        name="id", type="integer", null=False, identity=True, primary_key=True
                    ),
                    ColumnDefinition(name="name", type="varchar(10)"),
                ),
                references=("u",),
            )
        ],
    ),
    ("CREATE TABLE a LIKE b", [CreateTable(table="a")]),
    (
        "CREATE TEMPORARY TABLE x SELECT * FROM y",
        [CreateTable(table="x", reads=("y",), temporary=True)],
    ),
    ("DROP TEMPORARY TABLE x", [DropTable(tables=("x",), temporary=True)]),
    ("DELIMITER //", [Unread(reason="It is a command of a client program, DELIMITER, not SQL.")]),
    (
        "CREATE PROCEDURE p() BEGIN SELECT 1; END //",
        [OtherObject(keywords="CREATE PROCEDURE", name="p")],
    ),
    ("DELIMITER ;", [Unread(reason="It is a command of a client program, DELIMITER, not SQL.")]),
    ("BEGIN NOT ATOMIC DROP TABLE x; END", [Unread(reason="It is a block of code.")]),
    ("SELECT 'it''s \\' ; x'", [Select()]),
    ('SELECT "a;b"', [Select()]),
    (
        "ALTER TABLE t ADD SYSTEM VERSIONING, DISCARD TABLESPACE",
        [
            AlterTable(
                table="t",
                actions=(
                    OtherAction(keywords="ADD SYSTEM VERSIONING"),
                    OtherAction(keywords="DISCARD TABLESPACE"),
                ),
            )
        ],
    ),
    (
        "ALTER ONLINE TABLE t ADD x int",
        [
            AlterTable(
                table="t", actions=(AddColumn(column=ColumnDefinition(name="x", type="integer")),)
            )
        ],
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT CHECK (a > 0), ADD CHECK (b), ADD COLUMN IF NOT EXISTS z int INVISIBLE, ORDER BY a",
        [
            AlterTable(
                table="t",
                actions=(
                    AddConstraint(kind=ConstraintKind.CHECK),
                    AddConstraint(kind=ConstraintKind.CHECK),
                    AddColumn(
                        column=ColumnDefinition(name="z", type="integer"), if_not_exists=True
                    ),
                    OtherAction(keywords="ORDER BY"),
                ),
            )
        ],
    ),
]

SQLITE = [
    (
        "CREATE TRIGGER t AFTER INSERT ON shop_order BEGIN DELETE FROM shop_tag; DROP TABLE x; SELECT CASE WHEN 1 THEN 2 END; END",
        [ChangeTrigger(keywords="CREATE TRIGGER", table="shop_order", name="t")],
    ),
    ("SELECT 1", [Select()]),
    (
        "CREATE TEMP TRIGGER IF NOT EXISTS main.t AFTER UPDATE OF a ON [my table] WHEN new.a > 1 BEGIN UPDATE t SET a = 1; END",
        [ChangeTrigger(keywords="CREATE TRIGGER", table="my table", name="t")],
    ),
    (
        "ALTER TABLE shop_order DROP note",
        [AlterTable(table="shop_order", actions=(DropColumn(column="note"),))],
    ),
    (
        "ALTER TABLE t ADD COLUMN x integer DEFAULT 5 REFERENCES u(id)",
        [
            AlterTable(
                table="t",
                actions=(
                    AddColumn(
                        column=ColumnDefinition(
                            name="x", type="integer", default=Default.CONSTANT, references="u"
                        )
                    ),
                ),
            )
        ],
    ),
    (
        "ALTER TABLE t RENAME COLUMN a TO b",
        [AlterTable(table="t", actions=(RenameColumn(column="a", new_name="b"),))],
    ),
    ("ALTER TABLE t RENAME TO u", [AlterTable(table="t", actions=(RenameTable(new_name="u"),))]),
    ("PRAGMA foreign_keys = OFF", [SetVariable(name="foreign_keys", value="OFF")]),
    ("PRAGMA table_info(t)", [OtherObject(keywords="PRAGMA", name="table_info")]),
    ("VACUUM", [Maintenance(command="VACUUM")]),
    ("REINDEX", [Reindex(kind="database", name="")]),
    ("REINDEX t", [Reindex(kind="table", name="t")]),
    ("ANALYZE", [Maintenance(command="ANALYZE")]),
    ("ATTACH DATABASE 'x' AS y", [OtherObject(keywords="ATTACH DATABASE")]),
    (
        "INSERT OR REPLACE INTO t SELECT * FROM main.u",
        [ChangeRows(kind="insert", table="t", reads=("u",))],
    ),
    ("CREATE VIRTUAL TABLE ft USING fts5(a, b)", [CreateTable(table="ft")]),
    ("DROP VIEW IF EXISTS v", [ChangeView(keywords="DROP VIEW", views=("v",), guarded=True)]),
    ("CREATE INDEX s.i ON t (a)", [CreateIndex(table="s.t", name="i", columns=("a",))]),
    ("this is @@ not SQL ((", [Unread(reason="No statement that is known begins with this.")]),
    ("DROP TABLE t", [DropTable(tables=("t",))]),
]

ALL = [
    *(("postgresql", *row) for row in POSTGRESQL),
    *(("mysql", *row) for row in MYSQL),
    *(("sqlite", *row) for row in SQLITE),
]
