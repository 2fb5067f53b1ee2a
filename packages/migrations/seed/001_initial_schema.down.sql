-- Migration: initial_schema
-- Created: 2026-01-15

BEGIN;

DROP TABLE clients;

COMMIT;
