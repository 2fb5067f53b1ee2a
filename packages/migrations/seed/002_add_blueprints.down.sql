-- Migration: add_blueprints
-- Created: 2026-01-15

BEGIN;

DROP TABLE blueprints;

COMMIT;
