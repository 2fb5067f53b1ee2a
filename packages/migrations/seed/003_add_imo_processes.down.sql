-- Migration: add_imo_processes
-- Created: 2026-01-15

BEGIN;

DROP TABLE imo_processes;

COMMIT;
