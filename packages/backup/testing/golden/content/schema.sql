-- What the golden archives hold of PostgreSQL: for version 15 and later. New things go into new files: see write-golden.ts.
CREATE SCHEMA app;
COMMENT ON SCHEMA app IS 'it''s "the" \ app
with two lines';
CREATE SCHEMA "Größe ""x"" 🐘";

CREATE TYPE app.mood AS ENUM ('sad', 'it''s ok', 'say "hi"', 'back\slash', 'ünï €');
ALTER TYPE app.mood ADD VALUE 'first' BEFORE 'sad';
CREATE DOMAIN app.even AS integer DEFAULT 42 CONSTRAINT even_only CHECK (VALUE % 2 = 0);
CREATE TYPE app.point3 AS (x double precision, "y ""q""" double precision, moods app.mood[]);
CREATE TYPE app.float_range AS RANGE (subtype = double precision);
CREATE SEQUENCE app.numbers START 9007199254740993 INCREMENT 3 CACHE 4;
CREATE FUNCTION app.twice(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';

CREATE TABLE app.everything (
  id bigserial PRIMARY KEY, i2 smallint, i4 integer, i8 bigint, n numeric, n10 numeric(10,2) DEFAULT 1.50, r real, d double precision,
  b boolean DEFAULT true, t text COLLATE "C" DEFAULT 'it''s \ "x"', v varchar(20), c char(5), ch "char", by bytea, u uuid, dt date,
  tm time, tmz timetz, ts timestamp, tsz timestamptz, iv interval, js json, jb jsonb, ip inet, cd cidr, mac macaddr, bits bit(4),
  vbits bit varying(9), pt point, ln line, ls lseg, bx box, pa path, po polygon, ci circle, tv tsvector, tq tsquery, i4r int4range,
  nr numrange, tsr tstzrange, nmr nummultirange, mood app.mood DEFAULT 'it''s ok', ev app.even DEFAULT 2, p3 app.point3, p3s app.point3[],
  fr app.float_range, ints integer[], grid text[], moods app.mood[], jp jsonpath,
  doubled integer GENERATED ALWAYS AS (app.twice(i4)) STORED, lowered text GENERATED ALWAYS AS (lower(v)) STORED
);
COMMENT ON TABLE app.everything IS 'every type';
COMMENT ON COLUMN app.everything."by" IS 'bytes';
INSERT INTO app.everything (i2, i4, i8, n, n10, r, d, t, v, c, ch, by, u, dt, tm, tmz, ts, tsz, iv, js, jb, ip, cd, mac, bits, vbits, pt, ln, ls, bx, pa, po, ci,
  tv, tq, i4r, nr, tsr, nmr, mood, ev, p3, p3s, fr, ints, grid, moods, jp)
VALUES
 (-32768, -1073741824, -9223372036854775808, 'NaN', -99999999.99, 'NaN', '-Infinity', E'tab\tline\nreturn\rback\\slash \\N \\. "q" ''s'' \u20ac \U0001F418', 'ÄÖÜ ß', 'ab',
  '\', '\x00ff5c0a0d', '00000000-0000-0000-0000-000000000000', '4713-01-01 BC', '00:00', '00:00:00+14', '-infinity', '-infinity', '-178000000 years', '{"b": 1,  "a": [1.0]}',
  '{"b": 1.10, "a": ["x", null, {"ü": "\u20ac\\"}]}', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', B'1010', B'101', '(1.5,-0)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)',
  '[(0,0),(1,1)]', '((0,0),(1,1),(1,0))', '<(0,0),2>', 'a:1A fat:2', '''fat'' & !''rat''', 'empty', '(,5]', '[-infinity,)', '{[1,2),(3,4]}', 'say "hi"', -2,
  '(1.5,-0,"{first,""back\\\\slash""}")', ARRAY['(1,2,{})'::app.point3, NULL], '[-0.5,NaN)', '[0:2]={1,NULL,-3}', '{{"a,b",NULL},{"{x}","\"q\""}}', '{sad,"ünï €"}', '$.a[*] ? (@ > 1)'),
 (32767, 1073741823, 9223372036854775807, '123456789012345678901234567890.123456789012345678901234567890', 99999999.99, '3.4028235e+38', '5e-324', '', '', '', '', '',
  'ffffffff-ffff-ffff-ffff-ffffffffffff', '5874897-12-31', '24:00', '23:59:59.999999-14', '2026-02-28 23:59:59.999999', '294276-12-31 23:59:59.999999+00',
  '1 year -2 months 3 days -04:05:06.789', 'null', '"text"', '255.255.255.255', '::/0', 'ff:ff:ff:ff:ff:ff', B'0000', B'', '(Infinity,-Infinity)', '{0,-1,0}', '[(0,0),(0,0)]',
  '(1e300,1e-300),(0,0)', '((0,0),(1,1))', '((0,0))', '<(1,2),0>', '', '', '[1,2147483647)', '(0.1,0.2)', '[2020-01-01,2020-01-02)', '{}', 'back\slash', 42, NULL, '{}', 'empty', '{}', '{}', '{}', '$'),
 (0, 0, 0, '-0.000', 0, '-0', '-0', NULL, NULL, NULL, NULL, NULL, NULL, 'infinity', NULL, NULL, 'infinity', 'infinity', '0', '"\u0000"', 'null', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO app.everything (id) VALUES (9007199254740993);

-- Large enough for several parts when tables are split at some kilobytes.
CREATE TABLE app.many (id integer PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO app.many SELECT n, 'row ' || n || repeat(' and more', 15 + n % 9), timestamptz '2026-01-01 00:00+00' + n * interval '1 minute' FROM generate_series(1, 700) AS n;
DELETE FROM app.many WHERE id % 7 = 3;

CREATE TABLE app.nothing (a integer, b text);
CREATE TABLE app.zero_columns ();
INSERT INTO app.zero_columns DEFAULT VALUES; INSERT INTO app.zero_columns DEFAULT VALUES;
CREATE TABLE app.dropped (a integer, gone text, b text DEFAULT 'b');
INSERT INTO app.dropped VALUES (1, 'x', 'y'), (2, NULL, NULL);
ALTER TABLE app.dropped DROP COLUMN gone, ADD COLUMN late integer NOT NULL DEFAULT 7;
CREATE UNLOGGED TABLE app.unlogged (a integer);
INSERT INTO app.unlogged VALUES (1);

CREATE TABLE "Größe ""x"" 🐘"."Table.with ""all"" / of it" ("id.x" integer PRIMARY KEY, "select" text, "größe
zeile" text, "🐘" app.mood, "a\b" text CHECK ("a\b" <> ''));
INSERT INTO "Größe ""x"" 🐘"."Table.with ""all"" / of it" VALUES (1, 'from', E'line\nbreak', 'ünï €', 'x'), (2, NULL, '', NULL, NULL);
COMMENT ON COLUMN "Größe ""x"" 🐘"."Table.with ""all"" / of it"."🐘" IS E'-- no comment; \\! ls';

CREATE TABLE app.identity (a integer GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 2), b bigint GENERATED BY DEFAULT AS IDENTITY, c text);
INSERT INTO app.identity (c) VALUES ('one'), ('two'), ('three');

-- Partitions of partitions, and inheritance
CREATE TABLE app.part (id integer NOT NULL, at date NOT NULL, kind text NOT NULL, amount numeric, PRIMARY KEY (id, at, kind)) PARTITION BY RANGE (at);
CREATE TABLE app.part_2025 PARTITION OF app.part FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE app.part_2026 PARTITION OF app.part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (kind);
CREATE TABLE app.part_2026_a PARTITION OF app.part_2026 FOR VALUES IN ('a', 'it''s');
CREATE TABLE "Größe ""x"" 🐘"."part 2026 others" PARTITION OF app.part_2026 DEFAULT;
CREATE TABLE app.part_default PARTITION OF app.part DEFAULT;
CREATE INDEX part_kind ON app.part (kind) WHERE kind <> 'z';
INSERT INTO app.part VALUES (1, '2025-05-05', 'a', 1), (2, '2026-01-01', 'it''s', 2.50), (3, '2026-12-31', 'b', NULL), (4, '1999-01-01', 'c', 'NaN');
CREATE TABLE app.parent (a integer NOT NULL, b text CHECK (b <> ''));
CREATE TABLE app.child (c date) INHERITS (app.parent);
INSERT INTO app.parent VALUES (1, 'parent'); INSERT INTO app.child VALUES (2, 'child', '2026-01-01');

-- A circle of foreign keys, and one to itself
CREATE TABLE app.chicken (id integer PRIMARY KEY, egg_id integer, mother_id integer REFERENCES app.chicken ON DELETE SET NULL);
CREATE TABLE app.egg (id integer PRIMARY KEY, chicken_id integer NOT NULL REFERENCES app.chicken DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE app.chicken ADD CONSTRAINT "from an ""egg""" FOREIGN KEY (egg_id) REFERENCES app.egg ON UPDATE CASCADE;
INSERT INTO app.chicken VALUES (1, NULL, NULL), (2, NULL, 1); INSERT INTO app.egg VALUES (10, 2), (11, 1);
UPDATE app.chicken SET egg_id = 10 WHERE id = 1;
ALTER TABLE app.egg ADD CONSTRAINT not_yet CHECK (id > 10) NOT VALID;

CREATE UNIQUE INDEX everything_expression ON app.everything (lower(v), (i4 + 1) DESC NULLS LAST) WHERE b;
CREATE INDEX everything_gin ON app.everything USING gin (jb jsonb_path_ops);
CREATE TABLE app.booked (room integer, during tsrange, EXCLUDE USING gist (during WITH &&) WHERE (room > 0));
INSERT INTO app.booked VALUES (1, '[2026-01-01,2026-01-02)'), (0, '[2026-01-01,2026-01-02)');

CREATE VIEW app.happy ("the id", mood) WITH (security_barrier) AS SELECT id, mood FROM app.everything WHERE mood <> 'sad';
CREATE VIEW app.happiest AS SELECT * FROM app.happy WHERE "the id" < 100 WITH CASCADED CHECK OPTION;
CREATE MATERIALIZED VIEW app.counted AS SELECT kind, count(*) AS n FROM app.part GROUP BY kind;
CREATE UNIQUE INDEX counted_kind ON app.counted (kind);
CREATE MATERIALIZED VIEW app.not_filled AS SELECT n FROM app.counted WITH NO DATA;

-- It would double what is restored, if it fired.
CREATE TABLE app.log (at_id integer, note text);
CREATE FUNCTION app.keep_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app.log VALUES (new.id, 'it''s ' || TG_OP); RETURN new; END $$;
CREATE TRIGGER "log ""it""" AFTER INSERT OR UPDATE ON app.chicken FOR EACH ROW WHEN (new.id > 0) EXECUTE FUNCTION app.keep_log();
INSERT INTO app.chicken VALUES (3, 11, 2);
ALTER TABLE app.chicken ENABLE ROW LEVEL SECURITY;
CREATE POLICY "some ""of"" them" ON app.chicken FOR SELECT USING (id < 100);
GRANT SELECT ON app.chicken TO PUBLIC;

SELECT nextval('app.numbers'), nextval('app.numbers');
-- Not in a backup of the database: it is told.
COMMENT ON DATABASE golden IS 'a database of its own';
