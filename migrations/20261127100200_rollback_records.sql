-- What was taken back, from what to what, why, by whom and whether it was verified: application, database,
-- edge functions, or all of them as one.
CREATE TABLE holdfast_catalog.rollback_records (
  id text PRIMARY KEY,
  component text NOT NULL,
  environment text NOT NULL,
  began_at timestamptz NOT NULL,
  ended_at timestamptz,
  from_version text NOT NULL,
  to_version text NOT NULL,
  cause text NOT NULL,
  reason text NOT NULL DEFAULT '',
  outcome text,
  validation jsonb NOT NULL DEFAULT '{}',
  safety_backup text,
  actor text NOT NULL,
  run_url text,
  CONSTRAINT rollback_records_component CHECK (component IN ('application', 'database', 'functions', 'release')),
  CONSTRAINT rollback_records_cause CHECK (cause IN ('manual', 'health-check', 'monitoring', 'database-corruption')),
  CONSTRAINT rollback_records_outcome CHECK (outcome IN ('verified', 'failed', 'not verified')),
  CONSTRAINT rollback_records_ended CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
COMMENT ON TABLE holdfast_catalog.rollback_records IS 'One row for each rollback; without an outcome it is under way, or its run was lost';
COMMENT ON COLUMN holdfast_catalog.rollback_records.safety_backup IS 'Id of the backup that was made before the database was touched';
CREATE INDEX rollback_records_newest ON holdfast_catalog.rollback_records (environment, began_at DESC);
