-- Migration: add_blueprints
-- Created: 2026-01-15

BEGIN;

CREATE TABLE blueprints (
  id SERIAL PRIMARY KEY,
  client_id INTEGER REFERENCES clients (id),
  blueprint_type VARCHAR(50),
  config JSONB,
  created_at TIMESTAMP DEFAULT NOW()
);

COMMIT;
