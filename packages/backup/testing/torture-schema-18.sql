-- What came with PostgreSQL 16, 17 and 18. Run after torture-schema.sql, but for its event triggers.
CREATE TABLE app.virtual (a integer, v integer GENERATED ALWAYS AS (a * 2) VIRTUAL, s integer GENERATED ALWAYS AS (a * 3) STORED);
CREATE TABLE app.temporal (id int4range, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE app.temporal_child (id int4range, during daterange, FOREIGN KEY (id, PERIOD during) REFERENCES app.temporal (id, PERIOD during));
CREATE TABLE app.named_not_null (a integer CONSTRAINT "a is ""there""" NOT NULL, b integer CONSTRAINT b_there NOT NULL NO INHERIT, c integer);
ALTER TABLE app.named_not_null ADD CONSTRAINT c_later NOT NULL c NOT VALID;
COMMENT ON CONSTRAINT b_there ON app.named_not_null IS 'a named one';
CREATE TABLE app.named_child (d integer, CONSTRAINT own_name NOT NULL b) INHERITS (app.named_not_null);
CREATE TABLE app.not_enforced (id integer, a_id integer REFERENCES app.a (id) NOT ENFORCED, CONSTRAINT positive CHECK (id > 0) NOT ENFORCED);
CREATE TABLE app.identity_part (id bigint GENERATED ALWAYS AS IDENTITY (START 10), k integer) PARTITION BY LIST (k);
CREATE TABLE app.identity_part_1 PARTITION OF app.identity_part FOR VALUES IN (1);
CREATE TABLE app.access_method_part (a integer) PARTITION BY LIST (a) USING my_heap;
CREATE COLLATION app.with_rules (provider = icu, locale = 'und', rules = '&a < g');
CREATE COLLATION app.built_in (provider = builtin, locale = 'C.UTF-8');
CREATE DOMAIN app.named_domain AS integer CONSTRAINT "not ""null""" NOT NULL;
CREATE PUBLICATION generated_columns FOR TABLE app.virtual WITH (publish_generated_columns = stored);
ALTER TABLE app.part ADD CONSTRAINT part_loose FOREIGN KEY (a_id) REFERENCES app.b (id) NOT VALID;
ALTER TABLE app.part_2020 VALIDATE CONSTRAINT part_loose;
