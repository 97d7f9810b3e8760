-- Tables of 1,000 rows each, 500 in a partition: one for every state that a fact depends on.
CREATE DOMAIN whole AS integer;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN later AS integer;
ALTER DOMAIN later ADD CONSTRAINT later_check CHECK (VALUE > 0) NOT VALID;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

CREATE TABLE region (id integer PRIMARY KEY, name text);
CREATE TABLE customer (
    id integer PRIMARY KEY,
    region_id integer REFERENCES region DEFERRABLE INITIALLY DEFERRED,
    name varchar(50) NOT NULL,
    email text CONSTRAINT customer_email_unique UNIQUE,
    code integer,
    note text,
    CONSTRAINT customer_code_positive CHECK (code > 0)
);
CREATE INDEX customer_name ON customer (name);
CREATE INDEX customer_name_like ON customer (name varchar_pattern_ops);
CREATE UNIQUE INDEX customer_code ON customer (code);
CREATE TABLE purchase (
    id integer PRIMARY KEY,
    customer_id integer NOT NULL CONSTRAINT purchase_customer REFERENCES customer DEFERRABLE INITIALLY DEFERRED,
    email text CONSTRAINT purchase_email REFERENCES customer (email),
    total integer
);
CREATE TABLE unchecked (
    id integer NOT NULL,
    customer_id integer,
    total integer,
    known integer,
    proven integer,
    CONSTRAINT unchecked_proven CHECK (proven IS NOT NULL AND proven > 0)
);
CREATE UNIQUE INDEX unchecked_id ON unchecked (id);
CREATE UNIQUE INDEX unchecked_total ON unchecked (total);
CREATE UNIQUE INDEX unchecked_proven_index ON unchecked (proven);
CREATE VIEW customer_names AS SELECT id, name FROM customer;
CREATE VIEW customer_initials AS SELECT id, left(name, 1) AS initial FROM customer_names;
CREATE TABLE plain (a integer, b text, c integer GENERATED ALWAYS AS (a + 1) STORED, "Mixed Case" integer);
CREATE TABLE dropped (a integer);
CREATE TABLE counted (id serial PRIMARY KEY, n integer NOT NULL);
CREATE TRIGGER counted_touch BEFORE UPDATE ON counted FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY counted_policy ON counted USING (true);
CREATE STATISTICS counted_statistics ON id, n FROM counted;
CREATE TABLE with_domains (p positive, l later, w whole);
CREATE TABLE mapped (a integer, m mood);
CREATE INDEX mapped_a ON mapped (a);
CREATE TABLE lazy (
    a integer, b integer, customer_id integer,
    CONSTRAINT lazy_a CHECK (a > 0) NOT VALID,
    CONSTRAINT lazy_customer FOREIGN KEY (customer_id) REFERENCES customer NOT VALID
);
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.stock (id integer PRIMARY KEY, customer_id integer REFERENCES customer);

CREATE TABLE event (id integer, day integer NOT NULL, kind text, customer_id integer CONSTRAINT event_customer REFERENCES region) PARTITION BY RANGE (day);
CREATE TABLE event_first PARTITION OF event FOR VALUES FROM (0) TO (501);
CREATE TABLE event_second PARTITION OF event FOR VALUES FROM (501) TO (1001);
CREATE TRIGGER event_touch BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION touch();
CREATE INDEX event_day ON event (day);
CREATE TABLE event_next (id integer, day integer NOT NULL, kind text, customer_id integer);
CREATE TABLE event_checked (LIKE event_next, CONSTRAINT event_checked_day CHECK (day IS NOT NULL AND day >= 4000 AND day < 5000));
CREATE INDEX event_checked_day_index ON event_checked (day);
CREATE TABLE reading (id integer, day integer NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE reading_first PARTITION OF reading FOR VALUES FROM (0) TO (501);
CREATE TABLE reading_rest PARTITION OF reading DEFAULT;
CREATE TABLE reading_next (id integer, day integer NOT NULL);
CREATE INDEX reading_id ON ONLY reading (id);
CREATE INDEX reading_first_id ON reading_first (id);
CREATE TABLE ledger (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE ledger_first PARTITION OF ledger FOR VALUES FROM (0) TO (2000);
CREATE TABLE entry (id integer, ledger_id integer CONSTRAINT entry_ledger REFERENCES ledger);
CREATE TABLE category (id integer PRIMARY KEY, parent_id integer CONSTRAINT category_parent REFERENCES category);
CREATE TABLE parent (a integer);
CREATE TABLE child () INHERITS (parent);

CREATE TABLE wide (
    v20 varchar(20), v varchar, t text, plain_v20 varchar(20), expression_v20 varchar(20), partial_v20 varchar(20), like_v20 varchar(20),
    c10 char(10), n72 numeric(7, 2), n numeric, i integer, small smallint, big bigint, r real,
    t3 time(3), t6 time, ts timestamp, tz timestamptz, tz_indexed timestamptz, ts3 timestamp(3), iv interval, iv3 interval(3), d date,
    b10 varbit(10), fixed_bits bit(4), net cidr, addr inet, j json, jb jsonb, flag boolean, w whole, p positive,
    va varchar(10)[], vb varchar(10)[], ta text[], ia integer[], checked varchar(20) CHECK (checked <> '')
);
CREATE INDEX wide_v20 ON wide (v20);
CREATE INDEX wide_expression ON wide (lower(expression_v20));
CREATE INDEX wide_partial ON wide (partial_v20) WHERE partial_v20 <> '';
CREATE INDEX wide_like ON wide (like_v20 varchar_pattern_ops);
CREATE INDEX wide_t ON wide (t);
CREATE INDEX wide_tz ON wide (tz_indexed);
CREATE INDEX wide_net ON wide (net);
CREATE INDEX wide_i ON wide (i);
CREATE INDEX wide_vb ON wide (vb);
CREATE INDEX wide_va ON wide USING gin (va);

INSERT INTO region SELECT g, 'r' FROM generate_series(1, 1000) g;
INSERT INTO customer SELECT g, g, 'name', 'e' || g, g, 'n' FROM generate_series(1, 1000) g;
INSERT INTO purchase SELECT g, g, 'e' || g, g FROM generate_series(1, 1000) g;
INSERT INTO unchecked SELECT g, g, g, g, g FROM generate_series(1, 1000) g;
INSERT INTO plain (a, b, "Mixed Case") SELECT g, 'b', g FROM generate_series(1, 1000) g;
INSERT INTO dropped SELECT g FROM generate_series(1, 1000) g;
INSERT INTO counted (n) SELECT g FROM generate_series(1, 1000) g;
INSERT INTO with_domains SELECT g, g, g FROM generate_series(1, 1000) g;
INSERT INTO mapped SELECT g, 'sad' FROM generate_series(1, 1000) g;
INSERT INTO lazy SELECT g, g, g FROM generate_series(1, 1000) g;
INSERT INTO elsewhere.stock SELECT g, g FROM generate_series(1, 1000) g;
INSERT INTO event SELECT g, g, 'k', g FROM generate_series(1, 1000) g;
INSERT INTO event_next SELECT g, g + 2000, 'k', g FROM generate_series(1, 900) g;
INSERT INTO event_checked SELECT g, g + 4000, 'k', g FROM generate_series(1, 900) g;
INSERT INTO reading SELECT g, g FROM generate_series(1, 1000) g;
INSERT INTO reading_next SELECT g, g + 2000 FROM generate_series(1, 900) g;
INSERT INTO ledger SELECT g FROM generate_series(1, 1000) g;
INSERT INTO entry SELECT g, g FROM generate_series(1, 1000) g;
INSERT INTO category SELECT g, g FROM generate_series(1, 1000) g;
INSERT INTO parent SELECT g FROM generate_series(1, 1000) g;
INSERT INTO child SELECT g FROM generate_series(1, 1000) g;
INSERT INTO wide SELECT 'v', 'v', 't', 'v', 'v', 'v', 'v', 'c', 1.5, 1.5, g, 1, g, 1.5,
    '12:00', '12:00', now(), now(), now(), now(), '1 day', '1 day', now(),
    B'1010', B'1010', '10.0.0.0/8', '10.0.0.1', '{}', '{}', true, 1, 1,
    ARRAY['a'], ARRAY['a'], ARRAY['a'], ARRAY[1], 'c' FROM generate_series(1, 1000) g;
CREATE MATERIALIZED VIEW customer_notes AS SELECT id, note FROM customer;
CREATE UNIQUE INDEX customer_notes_id ON customer_notes (id);
ANALYZE;
