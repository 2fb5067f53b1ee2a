-- Migration: add_imo_processes
-- Created: 2026-01-15

BEGIN;

CREATE TABLE imo_processes (
  id SERIAL PRIMARY KEY,
  blueprint_id INTEGER REFERENCES blueprints (id),
  input_stage JSONB,
  middle_stage JSONB,
  output_stage JSONB,
  status VARCHAR(20),
  created_at TIMESTAMP DEFAULT NOW()
);

COMMIT;
