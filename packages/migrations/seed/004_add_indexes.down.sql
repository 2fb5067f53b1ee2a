-- Migration: add_indexes
-- Created: 2026-01-15

BEGIN;

DROP INDEX imo_processes_status_idx;
DROP INDEX imo_processes_blueprint_id_idx;
DROP INDEX blueprints_client_id_idx;

COMMIT;
