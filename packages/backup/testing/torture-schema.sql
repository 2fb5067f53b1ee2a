-- A schema with everything in it that PostgreSQL 15 knows. Run as superuser into an empty database.
CREATE SCHEMA app;
CREATE SCHEMA "Quo""te.d sch€ma";
CREATE SCHEMA "select";
COMMENT ON SCHEMA app IS 'it''s "the" \ app
with two lines';

CREATE EXTENSION IF NOT EXISTS plpgsql;

-- Collations, text search
CREATE COLLATION app.german_phone (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION app.no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION "Quo""te.d sch€ma"."C like" (provider = libc, locale = 'C');
CREATE TEXT SEARCH DICTIONARY app.my_simple (TEMPLATE = pg_catalog.simple, STOPWORDS = 'english', ACCEPT = false);
CREATE TEXT SEARCH CONFIGURATION app.my_config (PARSER = default);
ALTER TEXT SEARCH CONFIGURATION app.my_config ADD MAPPING FOR asciiword, word WITH app.my_simple, english_stem;
ALTER TEXT SEARCH CONFIGURATION app.my_config ADD MAPPING FOR email WITH simple;
CREATE TEXT SEARCH TEMPLATE app.my_template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH PARSER app.my_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH DICTIONARY app.own_template (TEMPLATE = app.my_template);
COMMENT ON TEXT SEARCH CONFIGURATION app.my_config IS 'configuration';
COMMENT ON TEXT SEARCH DICTIONARY app.my_simple IS 'dictionary';

-- Enums, also with hostile labels
CREATE TYPE app.mood AS ENUM ('sad', 'it''s ok', 'say "hi"', 'back\slash', 'ünï €', '');
ALTER TYPE app.mood ADD VALUE 'first' BEFORE 'sad';
CREATE TYPE "select"."Enum.With ""Dots""" AS ENUM ('a,b', '{x}', 'line
break');
CREATE TYPE app.empty_enum AS ENUM ();
CREATE TRANSFORM FOR app.mood LANGUAGE plpgsql (FROM SQL WITH FUNCTION pg_catalog.prsd_lextype(internal));

-- Domains: on types, on domains, arrays of domains, with functions in their checks
CREATE FUNCTION app.is_even(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 2 = 0';
CREATE DOMAIN app.even AS integer CONSTRAINT even_only CHECK (app.is_even(VALUE)) DEFAULT 42;
CREATE DOMAIN app.small_even AS app.even NOT NULL CONSTRAINT small CHECK (VALUE < 100) CONSTRAINT positive CHECK (VALUE > 0);
CREATE DOMAIN app.evens AS app.even[] CHECK (cardinality(VALUE) < 10);
CREATE DOMAIN app.email AS text COLLATE app.no_case CHECK (VALUE ~ '^[^@]+@[^@]+$');
CREATE DOMAIN app.money_amount AS numeric(12,2) DEFAULT 0.00;
ALTER DOMAIN app.email ADD CONSTRAINT not_too_long CHECK (length(VALUE) < 300) NOT VALID;
COMMENT ON DOMAIN app.even IS 'only even';
COMMENT ON CONSTRAINT even_only ON DOMAIN app.even IS 'checked by a function';
CREATE FUNCTION app.takes_domain(app.small_even, VARIADIC app.email[]) RETURNS app.money_amount LANGUAGE sql AS 'SELECT 1::app.money_amount';

-- Composite types, nested
CREATE TYPE app.point3 AS (x double precision, y double precision, z double precision);
CREATE TYPE app.line3 AS (start app.point3, "end" app.point3, "label ""q""" varchar(20) COLLATE "C", moods app.mood[]);
CREATE TYPE app.nothing AS ();
COMMENT ON TYPE app.line3 IS 'a line';
COMMENT ON COLUMN app.line3."end" IS 'where it ends';

-- Ranges
CREATE FUNCTION app.float_diff(double precision, double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE TYPE app.float_range AS RANGE (subtype = double precision, subtype_diff = app.float_diff);
CREATE TYPE app.text_range AS RANGE (subtype = text, collation = "C", multirange_type_name = "select"."Multi of text");
CREATE TYPE app.even_range AS RANGE (subtype = app.even, multirange_type_name = app.evens_multi);
CREATE TYPE app.pattern_range AS RANGE (subtype = text, subtype_opclass = text_pattern_ops);

-- A type of its own, with the functions of another
CREATE TYPE app.own_int;
CREATE FUNCTION app.own_int_in(cstring) RETURNS app.own_int LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION app.own_int_out(app.own_int) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE app.own_int (INPUT = app.own_int_in, OUTPUT = app.own_int_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4, STORAGE = plain, CATEGORY = 'N', DEFAULT = '7');
CREATE TYPE app.only_a_shell;

-- Casts, operators, classes
CREATE CAST (app.own_int AS integer) WITHOUT FUNCTION AS IMPLICIT;
CREATE FUNCTION app.point_text(app.point3) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT ($1).x || ',' || ($1).y $$;
CREATE CAST (app.point3 AS text) WITH FUNCTION app.point_text(app.point3) AS ASSIGNMENT;
CREATE CAST (app.mood AS app.own_int) WITH INOUT;
COMMENT ON CAST (app.point3 AS text) IS 'only x and y';
CREATE FUNCTION app.own_lt(app.own_int, app.own_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION app.own_gt(app.own_int, app.own_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4gt';
CREATE FUNCTION app.own_le(app.own_int, app.own_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4le';
CREATE FUNCTION app.own_ge(app.own_int, app.own_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ge';
CREATE FUNCTION app.own_eq(app.own_int, app.own_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION app.own_ne(app.own_int, app.own_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ne';
CREATE FUNCTION app.own_cmp(app.own_int, app.own_int) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE OPERATOR app.< (FUNCTION = app.own_lt, LEFTARG = app.own_int, RIGHTARG = app.own_int, COMMUTATOR = OPERATOR(app.>), NEGATOR = OPERATOR(app.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR app.> (FUNCTION = app.own_gt, LEFTARG = app.own_int, RIGHTARG = app.own_int, COMMUTATOR = OPERATOR(app.<), NEGATOR = OPERATOR(app.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
CREATE OPERATOR app.<= (FUNCTION = app.own_le, LEFTARG = app.own_int, RIGHTARG = app.own_int, COMMUTATOR = OPERATOR(app.>=), NEGATOR = OPERATOR(app.>));
CREATE OPERATOR app.>= (FUNCTION = app.own_ge, LEFTARG = app.own_int, RIGHTARG = app.own_int, COMMUTATOR = OPERATOR(app.<=), NEGATOR = OPERATOR(app.<));
CREATE OPERATOR app.= (FUNCTION = app.own_eq, LEFTARG = app.own_int, RIGHTARG = app.own_int, COMMUTATOR = OPERATOR(app.=), NEGATOR = OPERATOR(app.<>), HASHES, MERGES);
CREATE OPERATOR app.<> (FUNCTION = app.own_ne, LEFTARG = app.own_int, RIGHTARG = app.own_int, COMMUTATOR = OPERATOR(app.<>), NEGATOR = OPERATOR(app.=));
CREATE OPERATOR app.!! (FUNCTION = app.is_even, RIGHTARG = integer);
COMMENT ON OPERATOR app.!! (NONE, integer) IS 'prefix';
CREATE OPERATOR FAMILY app.own_ops USING btree;
CREATE OPERATOR CLASS app.own_ops DEFAULT FOR TYPE app.own_int USING btree FAMILY app.own_ops AS
  OPERATOR 1 app.<, OPERATOR 2 app.<=, OPERATOR 3 app.=, OPERATOR 4 app.>=, OPERATOR 5 app.>, FUNCTION 1 app.own_cmp(app.own_int, app.own_int);
CREATE FUNCTION app.own_int4_lt(app.own_int, integer) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION app.own_int4_cmp(app.own_int, integer) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE OPERATOR app.< (FUNCTION = app.own_int4_lt, LEFTARG = app.own_int, RIGHTARG = integer);
ALTER OPERATOR FAMILY app.own_ops USING btree ADD OPERATOR 1 app.< (app.own_int, integer), FUNCTION 1 (app.own_int, integer) app.own_int4_cmp(app.own_int, integer);
COMMENT ON OPERATOR CLASS app.own_ops USING btree IS 'class';
COMMENT ON OPERATOR FAMILY app.own_ops USING btree IS 'family';
CREATE OPERATOR CLASS app.hash_of_own FOR TYPE app.own_int USING hash AS OPERATOR 1 app.=;

-- Functions
CREATE FUNCTION app.over(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.over(text) RETURNS integer LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION app.over(integer, text DEFAULT 'it''s', OUT a integer, INOUT b app.mood DEFAULT 'sad') RETURNS record LANGUAGE plpgsql
  STABLE PARALLEL SAFE COST 7 SET search_path = pg_catalog, "select", '' SET work_mem = '8MB' AS $_$ BEGIN a := length($x$;$x$); END $_$;
CREATE FUNCTION "select"."Fun.""tion"(VARIADIC "the args" text[]) RETURNS TABLE ("a b" integer, "select" text) LANGUAGE sql STRICT SECURITY DEFINER LEAKPROOF ROWS 5
  AS $$ SELECT 1, '\r\n $function$ ' $$;
CREATE PROCEDURE app.proc(INOUT n integer, m text DEFAULT NULL) LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE FUNCTION app.win(integer) RETURNS integer LANGUAGE internal WINDOW AS 'window_row_number';
CREATE FUNCTION app.broken_body() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM app.later_table); END $$;
COMMENT ON FUNCTION app.over(text) IS 'one of three';
COMMENT ON PROCEDURE app.proc(integer, text) IS 'procedure';
CREATE AGGREGATE app.product(double precision) (SFUNC = float8mul, STYPE = double precision, INITCOND = '1', COMBINEFUNC = float8mul, PARALLEL = SAFE);
CREATE AGGREGATE app.mov_sum(integer) (SFUNC = int4_sum, STYPE = bigint, MSFUNC = int4_avg_accum, MINVFUNC = int4_avg_accum_inv, MSTYPE = bigint[], MFINALFUNC = int2int4_sum, MINITCOND = '{0,0}');
CREATE AGGREGATE app.any_count(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE app.my_min(app.own_int) (SFUNC = int4smaller, STYPE = integer, SORTOP = OPERATOR(app.<));
CREATE AGGREGATE app.my_percentile(double precision ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE app.my_rank(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
COMMENT ON AGGREGATE app.any_count(*) IS 'counts';
COMMENT ON AGGREGATE app.my_percentile(double precision ORDER BY anyelement) IS 'ordered set';
CREATE CONVERSION app.my_conversion FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TRUSTED LANGUAGE my_plpgsql HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
CREATE FUNCTION app.in_my_language() RETURNS integer LANGUAGE my_plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION app.from_sql(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT AS 'textsend';
CREATE ACCESS METHOD my_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD my_btree TYPE INDEX HANDLER bthandler;
CREATE OPERATOR CLASS app.my_int8_ops DEFAULT FOR TYPE bigint USING my_btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint8cmp(bigint, bigint);

-- Sequences
CREATE SEQUENCE app.down AS smallint START -5 INCREMENT -3 MINVALUE -100 MAXVALUE -1 CACHE 4 CYCLE;
CREATE SEQUENCE "select"."seq ""q""" START 9007199254740993;
CREATE UNLOGGED SEQUENCE app.unlogged_seq;
COMMENT ON SEQUENCE app.down IS 'down';

-- Tables of all types
CREATE TABLE app.everything (
  id bigserial PRIMARY KEY, i2 smallint DEFAULT 1 + 1, n numeric(10,2) DEFAULT 1.50, n_wild numeric, r real, d double precision DEFAULT 'NaN', b boolean DEFAULT true,
  t text COLLATE "C" DEFAULT 'it''s \ "x"', v varchar(20), v_any varchar, c char(3), "char" "char", name name, by bytea DEFAULT '\x00ff', u uuid DEFAULT gen_random_uuid(), dt date DEFAULT CURRENT_DATE, tm time(3), tmz timetz,
  ts timestamp(0), tsz timestamptz DEFAULT now(), iv interval day to second(3), iv2 interval year, js json, jb jsonb DEFAULT '{"a": [1, "x"]}', ip inet, cd cidr, mac macaddr, mac8 macaddr8,
  bits bit(4) DEFAULT B'1010', vbits bit varying(9), pt point, ln line, ls lseg, bx box, pa path, po polygon, ci circle, tv tsvector, tq tsquery, x xml, ol oid, rc regclass, m money, lsn pg_lsn, sn pg_snapshot,
  i4r int4range, nr numrange, tsr tstzmultirange, mood app.mood DEFAULT 'it''s ok', ev app.even, se app.small_even DEFAULT 2, evs app.evens, em app.email, emails app.email[], ma app.money_amount,
  ln3 app.line3, lns app.line3[], fr app.float_range, fmr app.float_multirange, tr app.text_range, own app.own_int, arr integer[][], texts text[] DEFAULT ARRAY['a', 'b,c'], jp jsonpath,
  gen numeric GENERATED ALWAYS AS (n * 2) STORED, gen_f boolean GENERATED ALWAYS AS (app.is_even(i2)) STORED
);
COMMENT ON TABLE app.everything IS 'everything''s table';
COMMENT ON COLUMN app.everything."char" IS 'a column';
CREATE TABLE app.zero_columns ();
CREATE TABLE app.dropped (a integer, b integer, c integer DEFAULT 3, d integer);
ALTER TABLE app.dropped DROP COLUMN b;
ALTER TABLE app.dropped ADD COLUMN e text NOT NULL DEFAULT 'x', ALTER COLUMN a SET NOT NULL;
DO $$ BEGIN EXECUTE 'CREATE TABLE app.wide (' || (SELECT string_agg('c' || i || ' int', ', ') FROM generate_series(1, 1600) i) || ')'; END $$;
CREATE UNLOGGED TABLE app.unlogged (a integer) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = off);
CREATE TABLE app.stored (plain text, external bytea, main jsonb, pglz text COMPRESSION pglz) USING my_heap;
ALTER TABLE app.stored ALTER plain SET STORAGE PLAIN, ALTER external SET STORAGE EXTERNAL, ALTER main SET STORAGE MAIN, ALTER main SET STATISTICS 777, ALTER pglz SET (n_distinct = -0.5, n_distinct_inherited = 3);
CREATE TABLE app.identity (a integer GENERATED ALWAYS AS IDENTITY, b bigint GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME app."identity seq" START 5 INCREMENT 2 CYCLE MAXVALUE 1000), c smallint GENERATED BY DEFAULT AS IDENTITY);
CREATE TABLE app.typed OF app.point3 (PRIMARY KEY (x), y WITH OPTIONS DEFAULT 1, z WITH OPTIONS NOT NULL);
CREATE TABLE app.typed_plain OF app.line3;
CREATE TABLE "Quo""te.d sch€ma"."Table.with ""all"" 'of' it
and 🐘" ("id.x" integer PRIMARY KEY, "select" text DEFAULT 'a"b', "col ""q"" 'x'" integer UNIQUE, "größe
zeile" text, "🐘" app.mood, "{}" integer CHECK ("{}" > 0), "a\b" text);
COMMENT ON TABLE "Quo""te.d sch€ma"."Table.with ""all"" 'of' it
and 🐘" IS E'line\nbreak -- not a comment; DROP TABLE x; \\! ls';
COMMENT ON COLUMN "Quo""te.d sch€ma"."Table.with ""all"" 'of' it
and 🐘"."größe
zeile" IS '';
CREATE TABLE "select"."table" ("from" integer, "user" integer, "order" integer, "table" text, PRIMARY KEY ("from", "user"));
CREATE TABLE "select"."; DROP SCHEMA app; --" ("; SELECT 1; --" integer);
CREATE TABLE app.row_of_table (e app.dropped, es app.dropped[]);
ALTER SEQUENCE app.down OWNED BY app.dropped.d;
CREATE TABLE app.uses_sequences (a bigint DEFAULT nextval('app.unlogged_seq'), b bigint DEFAULT nextval('"select"."seq ""q"""'));

-- Circles of functions, tables, types
CREATE TABLE app.circle (id integer, next integer);
CREATE FUNCTION app.next_circle() RETURNS integer LANGUAGE sql BEGIN ATOMIC; SELECT coalesce(max(id), 0) + 1 FROM app.circle; END;
ALTER TABLE app.circle ALTER next SET DEFAULT app.next_circle();
CREATE FUNCTION app.of_row(app.circle) RETURNS integer LANGUAGE sql IMMUTABLE RETURN ($1).id * 2;
ALTER TABLE app.circle ADD CONSTRAINT circle_check CHECK (app.of_row(circle) < 1000);
CREATE VIEW app.circle_view AS SELECT id, next, app.of_row(c) AS twice, 0::bigint AS n FROM app.circle c;
CREATE FUNCTION app.from_view() RETURNS SETOF app.circle_view LANGUAGE sql BEGIN ATOMIC; SELECT * FROM app.circle_view; END;
CREATE OR REPLACE VIEW app.circle_view AS SELECT c.id, c.next, app.of_row(c) AS twice, (SELECT count(*) FROM app.from_view()) AS n FROM app.circle c;
CREATE FUNCTION app.two_statements(a integer) RETURNS void LANGUAGE sql BEGIN ATOMIC; INSERT INTO app.circle VALUES (a, DEFAULT); SELECT 1; END;
CREATE FUNCTION app.reads_others(integer) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM app.everything WHERE id >= $1) OR $1 = 1';
CREATE TABLE app.checked_by_function (a integer CONSTRAINT looks_elsewhere CHECK (app.reads_others(a)));
COMMENT ON CONSTRAINT looks_elsewhere ON app.checked_by_function IS 'late';

-- Partitions
CREATE TABLE app.part (id integer NOT NULL, at date NOT NULL DEFAULT '2020-01-01', kind text, amount numeric CHECK (amount >= 0), PRIMARY KEY (id, at, kind)) PARTITION BY RANGE (at);
CREATE TABLE app.part_2020 PARTITION OF app.part (amount DEFAULT 5) FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.part_2021 (amount numeric CONSTRAINT part_amount_check CHECK (amount >= 0), kind text NOT NULL, extra integer, at date NOT NULL, id integer NOT NULL);
ALTER TABLE app.part_2021 DROP COLUMN extra;
ALTER TABLE app.part ATTACH PARTITION app.part_2021 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE app.part_2022 PARTITION OF app.part FOR VALUES FROM ('2022-01-01') TO (MAXVALUE) PARTITION BY LIST (kind);
CREATE TABLE app.part_2022_a PARTITION OF app.part_2022 FOR VALUES IN ('a', 'it''s') PARTITION BY HASH (id);
CREATE TABLE app.part_2022_a_0 PARTITION OF app.part_2022_a FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE "select"."part 2022 a 1" PARTITION OF app.part_2022_a FOR VALUES WITH (MODULUS 2, REMAINDER 1) WITH (fillfactor = 50);
CREATE TABLE app.part_2022_default PARTITION OF app.part_2022 DEFAULT;
CREATE TABLE app.part_default PARTITION OF app.part DEFAULT;
CREATE INDEX part_kind ON app.part (kind) WHERE kind IS NOT NULL;
CREATE INDEX part_only ON ONLY app.part (amount);
CREATE INDEX part_2020_amount ON app.part_2020 (amount);
ALTER INDEX app.part_only ATTACH PARTITION app.part_2020_amount;
CREATE INDEX part_2021_own ON app.part_2021 (lower(kind) DESC);
CREATE UNIQUE INDEX part_unique ON app.part (at, id, kind) INCLUDE (amount);
CREATE TABLE app.part_expr (a text) PARTITION BY LIST (lower(a) COLLATE "C");
CREATE TABLE app.part_empty (a integer, b text) PARTITION BY RANGE (a, (b || 'x') text_pattern_ops);

-- Inheritance
CREATE TABLE app.parent1 (a integer NOT NULL DEFAULT 1, b text CHECK (b <> ''), shared integer);
CREATE TABLE app.parent2 (shared integer, c date, CONSTRAINT only_here CHECK (c > '2000-01-01') NO INHERIT);
CREATE TABLE app.child (own text, shared integer DEFAULT 7, a integer NOT NULL DEFAULT 2) INHERITS (app.parent1, app.parent2);
CREATE TABLE app.grandchild (last integer) INHERITS (app.child);
ALTER TABLE app.grandchild ALTER b SET DEFAULT 'x', ALTER a DROP DEFAULT, ALTER c SET NOT NULL, ALTER b SET STORAGE EXTERNAL;
CREATE TABLE app.adopted (x integer, shared integer, c date, a integer NOT NULL, b text, CONSTRAINT parent1_b_check CHECK (b <> ''));
ALTER TABLE app.adopted INHERIT app.parent2;
ALTER TABLE app.adopted INHERIT app.parent1;
ALTER TABLE app.adopted DROP COLUMN x;

-- Keys and constraints
CREATE TABLE app.a (id integer PRIMARY KEY, b_id integer, parent_id integer, code text, tenant integer, UNIQUE (tenant, id), UNIQUE NULLS NOT DISTINCT (code), CONSTRAINT deferred_unique UNIQUE (tenant) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE app.b (id integer PRIMARY KEY, a_id integer, tenant integer, CONSTRAINT "fk ""q"" a" FOREIGN KEY (a_id) REFERENCES app.a DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE app.a ADD CONSTRAINT a_b FOREIGN KEY (b_id) REFERENCES app.b ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE app.a ADD FOREIGN KEY (parent_id) REFERENCES app.a ON DELETE CASCADE;
ALTER TABLE app.b ADD CONSTRAINT two_columns FOREIGN KEY (tenant, a_id) REFERENCES app.a (tenant, id) MATCH FULL ON DELETE SET NULL NOT VALID;
ALTER TABLE app.b ADD CONSTRAINT some_columns FOREIGN KEY (tenant, a_id) REFERENCES app.a (tenant, id) ON DELETE SET NULL (a_id);
ALTER TABLE app.b ADD CONSTRAINT not_yet CHECK (id > 10) NOT VALID;
COMMENT ON CONSTRAINT "fk ""q"" a" ON app.b IS 'a key';
CREATE TABLE app.to_part (id integer, at date, kind text, FOREIGN KEY (id, at, kind) REFERENCES app.part);
ALTER TABLE app.part ADD COLUMN a_id integer REFERENCES app.a (id);
CREATE TABLE app.excluded (room integer, during tsrange, c circle, EXCLUDE USING gist (during WITH &&, c WITH &&) WHERE (room > 0) DEFERRABLE, CONSTRAINT no_overlap EXCLUDE USING btree (room WITH =) INCLUDE (during) WITH (fillfactor = 60));
CREATE TABLE app.full_replica (a integer); ALTER TABLE app.full_replica REPLICA IDENTITY FULL;
CREATE TABLE app.index_replica (a integer NOT NULL UNIQUE WITH (fillfactor = 33)); ALTER TABLE app.index_replica REPLICA IDENTITY USING INDEX index_replica_a_key; ALTER TABLE app.index_replica CLUSTER ON index_replica_a_key;
CREATE TABLE app.no_replica (a integer PRIMARY KEY); ALTER TABLE app.no_replica REPLICA IDENTITY NOTHING;
CREATE INDEX everything_expr ON app.everything (lower(t), (n + 1) DESC NULLS LAST, v COLLATE "C" text_pattern_ops) WHERE b AND mood <> 'sad';
ALTER INDEX app.everything_expr ALTER COLUMN 2 SET STATISTICS 500;
CREATE UNIQUE INDEX everything_covering ON app.everything USING btree (u) INCLUDE (id, t) NULLS NOT DISTINCT WITH (fillfactor = 80, deduplicate_items = off);
CREATE INDEX everything_gin ON app.everything USING gin (jb jsonb_path_ops, texts) WITH (fastupdate = off);
CREATE INDEX everything_gist ON app.everything USING gist (i4r, pt);
CREATE INDEX everything_brin ON app.everything USING brin (tsz) WITH (pages_per_range = 16);
CREATE INDEX everything_hash ON app.everything USING hash (v);
CREATE INDEX everything_spgist ON app.everything USING spgist (ip);
CREATE INDEX everything_own ON app.everything USING btree (own app.own_ops);
CREATE INDEX everything_function ON app.everything (app.is_even(i2));
CREATE INDEX "ind.ex ""q"" 🐘" ON "Quo""te.d sch€ma"."Table.with ""all"" 'of' it
and 🐘" ("größe
zeile", ("a\b" || 'x'));
COMMENT ON INDEX app.everything_gin IS 'gin';
CREATE STATISTICS app.stat_all ON i2, n, t FROM app.everything;
CREATE STATISTICS app.stat_dep (dependencies, mcv) ON i2, lower(t) FROM app.everything;
ALTER STATISTICS app.stat_dep SET STATISTICS 50;
CREATE STATISTICS "select"."stat ""q""" ON (i2 + 1) FROM app.everything;
COMMENT ON STATISTICS app.stat_all IS 'statistics';

-- Views
CREATE VIEW app.v1 AS SELECT id, t, mood, n FROM app.everything WHERE t <> 'it''s';
CREATE VIEW app.v2 ("the id", m) WITH (security_barrier, security_invoker = true) AS SELECT id, mood FROM app.v1;
CREATE VIEW app.v3 AS SELECT * FROM app.v2 WHERE "the id" > 5 WITH CASCADED CHECK OPTION;
CREATE VIEW "select"."view ""q""" WITH (check_option = local) AS SELECT id FROM app.a;
ALTER VIEW app.v1 ALTER COLUMN t SET DEFAULT 'from the view';
CREATE RECURSIVE VIEW app.numbers (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 10;
CREATE VIEW app.grouped_by_key AS SELECT a.id, a.code, count(*) AS n FROM app.a JOIN app.b ON b.a_id = a.id GROUP BY a.id;
CREATE VIEW app.on_grouped AS SELECT * FROM app.grouped_by_key;
CREATE VIEW app.no_columns AS SELECT;
CREATE VIEW app.own_operator AS SELECT own OPERATOR(app.<) '3'::app.own_int AS less, t COLLATE app.german_phone AS t FROM app.everything;
CREATE MATERIALIZED VIEW app.m1 WITH (fillfactor = 90) AS SELECT id, mood FROM app.v1 ORDER BY id;
CREATE MATERIALIZED VIEW app.m2 AS SELECT count(*) AS n FROM app.m1 WITH NO DATA;
CREATE VIEW app.over_m1 AS SELECT * FROM app.m1;
CREATE MATERIALIZED VIEW app.m0_on_m1 AS SELECT * FROM app.over_m1;
CREATE MATERIALIZED VIEW app.m_grouped AS SELECT id, code FROM app.a GROUP BY id;
CREATE UNIQUE INDEX m1_id ON app.m1 (id);
CREATE STATISTICS app.stat_m1 ON id, mood FROM app.m1;
COMMENT ON VIEW app.v1 IS 'view';
COMMENT ON COLUMN app.v1.t IS 'column of a view';
COMMENT ON MATERIALIZED VIEW app.m1 IS 'materialized';

-- Rules and triggers
CREATE RULE insert_v2 AS ON INSERT TO app.v2 DO INSTEAD INSERT INTO app.everything (t) VALUES ('via rule');
CREATE RULE "ru""le" AS ON UPDATE TO app.a DO ALSO NOTIFY "cha""nnel", 'it''s';
CREATE RULE conditional AS ON UPDATE TO app.a WHERE new.code = 'x' DO ALSO (DELETE FROM app.b WHERE a_id = old.id; INSERT INTO app.b (id) VALUES (new.id));
CREATE RULE nothing AS ON DELETE TO app.b DO INSTEAD NOTHING;
ALTER TABLE app.b DISABLE RULE nothing;
COMMENT ON RULE nothing ON app.b IS 'rule';
CREATE FUNCTION app.trig() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER t_before BEFORE INSERT OR UPDATE OF code, tenant ON app.a FOR EACH ROW WHEN (new.code <> 'it''s') EXECUTE FUNCTION app.trig('arg 1', 'it''s', '\x');
CREATE TRIGGER t_after AFTER DELETE ON app.a REFERENCING OLD TABLE AS "old ""rows""" FOR EACH STATEMENT EXECUTE FUNCTION app.trig();
CREATE TRIGGER t_off AFTER TRUNCATE ON app.a EXECUTE FUNCTION app.trig();
CREATE TRIGGER t_always BEFORE INSERT ON app.a FOR EACH ROW EXECUTE FUNCTION app.trig();
CREATE TRIGGER t_replica BEFORE INSERT ON app.a FOR EACH ROW EXECUTE FUNCTION app.trig();
ALTER TABLE app.a DISABLE TRIGGER t_off, ENABLE ALWAYS TRIGGER t_always, ENABLE REPLICA TRIGGER t_replica;
CREATE CONSTRAINT TRIGGER t_constraint AFTER INSERT ON app.b FROM app.a DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.trig();
CREATE TRIGGER "tri""gger" INSTEAD OF UPDATE ON app.v1 FOR EACH ROW EXECUTE FUNCTION app.trig();
CREATE TRIGGER on_parts AFTER INSERT ON app.part FOR EACH ROW EXECUTE FUNCTION app.trig();
ALTER TABLE app.part_2020 DISABLE TRIGGER on_parts;
COMMENT ON TRIGGER t_before ON app.a IS 'trigger';

-- Row level security
ALTER TABLE app.a ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.b ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY everyone ON app.a USING (tenant = current_setting('app.tenant')::integer) WITH CHECK (tenant > 0);
CREATE POLICY "only ""q""" ON app.b AS RESTRICTIVE FOR SELECT TO CURRENT_USER, pg_read_all_data USING (EXISTS (SELECT FROM app.a WHERE a.id = b.a_id));
CREATE POLICY inserts ON app.b FOR INSERT WITH CHECK (true);
COMMENT ON POLICY everyone ON app.a IS 'policy';

-- Foreign data
CREATE FOREIGN DATA WRAPPER dummy OPTIONS (debug 'it''s');
CREATE SERVER "ser ver" TYPE 't' VERSION '1.0' FOREIGN DATA WRAPPER dummy OPTIONS (host 'example.com', "port x" '5432');
CREATE USER MAPPING FOR PUBLIC SERVER "ser ver" OPTIONS (user 'u', password 'p''w');
CREATE FOREIGN TABLE app.far (id integer OPTIONS (column_name 'ID') NOT NULL, t text COLLATE "C" DEFAULT 'x', CHECK (id > 0)) SERVER "ser ver" OPTIONS (table_name 'far''s');
CREATE FOREIGN TABLE app.part_far PARTITION OF app.part_empty FOR VALUES FROM (1, 'a') TO (5, MINVALUE) SERVER "ser ver";
COMMENT ON SERVER "ser ver" IS 'server';
COMMENT ON FOREIGN DATA WRAPPER dummy IS 'wrapper';
COMMENT ON FOREIGN TABLE app.far IS 'far away';

-- Publications
CREATE PUBLICATION "pub ""q""" FOR TABLE app.a, app.index_replica (a) WHERE (a > 5) WITH (publish = 'insert, truncate', publish_via_partition_root = true);
CREATE PUBLICATION all_tables FOR ALL TABLES;
CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA "select";
COMMENT ON PUBLICATION all_tables IS 'publication';

-- Privileges
GRANT SELECT, INSERT (code), UPDATE (code, tenant) ON app.a TO PUBLIC;
GRANT USAGE ON SCHEMA app TO PUBLIC;
GRANT ALL ON SEQUENCE app.unlogged_seq TO pg_read_all_data WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION app.over(integer) FROM PUBLIC;
REVOKE ALL ON TABLE app.b FROM CURRENT_USER;
GRANT SELECT ON TABLE app.b TO CURRENT_USER;
REVOKE USAGE ON TYPE app.mood FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO pg_read_all_data;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- Last: event triggers would see all of the above
CREATE FUNCTION app.event() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'an event trigger fired during the restore' ; END $$;
CREATE EVENT TRIGGER "on ""q""" ON ddl_command_end WHEN TAG IN ('CREATE STATISTICS', 'DROP TABLE') EXECUTE FUNCTION app.event();
CREATE EVENT TRIGGER off_trigger ON sql_drop EXECUTE FUNCTION app.event();
ALTER EVENT TRIGGER off_trigger DISABLE;
COMMENT ON EVENT TRIGGER off_trigger IS 'off';
