-- And of PostgreSQL 18.
CREATE TABLE app.since_18 (
  id uuid PRIMARY KEY DEFAULT uuidv7(), a integer CONSTRAINT unenforced CHECK (a > 0) NOT ENFORCED, b text,
  shout text GENERATED ALWAYS AS (upper(b)) VIRTUAL, twice integer GENERATED ALWAYS AS (a * 2) STORED
);
INSERT INTO app.since_18 (id, a, b) VALUES ('01234567-89ab-7cde-8f01-23456789abcd', -1, 'ä'), ('01234567-89ab-7cde-8f01-23456789abce', 2, NULL);
ALTER TABLE app.since_18 ADD CONSTRAINT b_there NOT NULL b NOT VALID;
