-- Who has changed which key of which environment's configuration. Values of secrets are never written down.
CREATE TABLE holdfast_catalog.configuration_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  changed_at timestamptz NOT NULL DEFAULT now(),
  environment text NOT NULL,
  version text NOT NULL,
  actor text NOT NULL,
  run_url text,
  reason text NOT NULL DEFAULT '',
  CONSTRAINT configuration_changes_version UNIQUE (environment, version)
);
COMMENT ON TABLE holdfast_catalog.configuration_changes IS 'One row for each change of an environment''s configuration';
COMMENT ON COLUMN holdfast_catalog.configuration_changes.version IS 'What the configuration is called from then on, so that it can be brought back';
CREATE INDEX configuration_changes_newest ON holdfast_catalog.configuration_changes (environment, changed_at DESC);

CREATE TABLE holdfast_catalog.configuration_change_keys (
  change_id bigint NOT NULL,
  key text NOT NULL,
  kind text NOT NULL,
  is_secret boolean NOT NULL,
  old_value jsonb,
  new_value jsonb,
  PRIMARY KEY (change_id, key),
  CONSTRAINT configuration_change_keys_change FOREIGN KEY (change_id)
    REFERENCES holdfast_catalog.configuration_changes (id) ON DELETE CASCADE,
  CONSTRAINT configuration_change_keys_kind CHECK (kind IN ('added', 'modified', 'removed')),
  CONSTRAINT configuration_change_keys_secret CHECK (NOT is_secret OR (old_value IS NULL AND new_value IS NULL)),
  CONSTRAINT configuration_change_keys_values
    CHECK ((kind <> 'added' OR old_value IS NULL) AND (kind <> 'removed' OR new_value IS NULL))
);
COMMENT ON TABLE holdfast_catalog.configuration_change_keys IS 'What each change did to each key';
COMMENT ON COLUMN holdfast_catalog.configuration_change_keys.is_secret IS 'Then both values are null: that it has changed is all that is kept';
