-- What stores hold, as rows that a dashboard can ask. The stores stay the truth: everything here can be read
-- from their manifests and receipts again (docs/formats.md), and nothing is restored from here.
CREATE SCHEMA holdfast_catalog;
COMMENT ON SCHEMA holdfast_catalog IS 'Kept by Holdfast: backups, changes of configuration, rollbacks and an audit log, for dashboards and history';

CREATE TABLE holdfast_catalog.backups (
  store text NOT NULL,
  source text NOT NULL,
  tier text NOT NULL,
  id text NOT NULL,
  manifest_sha256 text NOT NULL,
  snapshot_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  kinds text[] NOT NULL,
  database_name text NOT NULL,
  server_version text NOT NULL,
  schema_version text,
  migration_hash text,
  stored_bytes bigint NOT NULL,
  encrypted boolean NOT NULL,
  run_actor text NOT NULL,
  run_url text,
  manifest jsonb NOT NULL,
  removed_at timestamptz,
  PRIMARY KEY (store, source, tier, id),
  CONSTRAINT backups_id CHECK (id ~ '^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}$'),
  CONSTRAINT backups_tier CHECK (tier IN ('tier1', 'tier2', 'tier3', 'tier4', 'safety')),
  CONSTRAINT backups_manifest_sha256 CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT backups_kinds CHECK (kinds <@ ARRAY['schema', 'data', 'full'] AND cardinality(kinds) > 0),
  CONSTRAINT backups_stored_bytes CHECK (stored_bytes >= 0)
);
COMMENT ON TABLE holdfast_catalog.backups IS 'One row for each manifest of a store';
COMMENT ON COLUMN holdfast_catalog.backups.store IS 'URL of the store, without secrets';
COMMENT ON COLUMN holdfast_catalog.backups.snapshot_at IS 'Everything in the backup is as of this instant, by the clock of the server that was backed up';
COMMENT ON COLUMN holdfast_catalog.backups.manifest IS 'The manifest as it is in the store';
COMMENT ON COLUMN holdfast_catalog.backups.removed_at IS 'When retention took it out of the store; the row stays for history';
CREATE INDEX backups_newest ON holdfast_catalog.backups (source, tier, snapshot_at DESC);

CREATE TABLE holdfast_catalog.receipts (
  store text NOT NULL,
  source text NOT NULL,
  tier text NOT NULL,
  backup_id text NOT NULL,
  kind text NOT NULL,
  verdict text NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  against text NOT NULL,
  findings jsonb NOT NULL,
  run_actor text NOT NULL,
  run_url text,
  PRIMARY KEY (store, source, tier, backup_id, kind, finished_at),
  CONSTRAINT receipts_backup FOREIGN KEY (store, source, tier, backup_id)
    REFERENCES holdfast_catalog.backups (store, source, tier, id) ON DELETE CASCADE,
  CONSTRAINT receipts_kind CHECK (kind IN ('stored', 'opened', 'restored', 'recovered')),
  CONSTRAINT receipts_verdict CHECK (verdict IN ('proved', 'gaps', 'failed'))
);
COMMENT ON TABLE holdfast_catalog.receipts IS 'One row for each time that a backup was looked at, opened or restored';

-- The newest that was proved by restoring it, for each source and tier: its age is how much would be lost.
CREATE VIEW holdfast_catalog.newest_proved AS
  SELECT DISTINCT ON (b.source, b.tier)
         b.source, b.tier, b.store, b.id, b.snapshot_at, r.kind, r.finished_at AS proved_at
    FROM holdfast_catalog.backups b
    JOIN holdfast_catalog.receipts r ON (r.store, r.source, r.tier, r.backup_id) = (b.store, b.source, b.tier, b.id)
   WHERE b.removed_at IS NULL AND r.verdict = 'proved' AND r.kind IN ('restored', 'recovered')
   ORDER BY b.source, b.tier, b.snapshot_at DESC, r.finished_at DESC;
COMMENT ON VIEW holdfast_catalog.newest_proved IS 'For each source and tier the newest backup that was restored and proved';
