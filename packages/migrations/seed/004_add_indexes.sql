-- Migration: add_indexes
-- Created: 2026-01-15

BEGIN;

CREATE INDEX blueprints_client_id_idx ON blueprints (client_id);
CREATE INDEX imo_processes_blueprint_id_idx ON imo_processes (blueprint_id);
CREATE INDEX imo_processes_status_idx ON imo_processes (status);

COMMIT;
