-- What was done by whom. Rows are added and never changed or taken away: not by the owner either, unless he
-- drops or disables the trigger, which is a change of the schema and shows as drift. A superuser can go around
-- it unseen; keep the log's copy elsewhere where that matters.
CREATE TABLE holdfast_catalog.audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL,
  run_url text,
  command text NOT NULL,
  subject text NOT NULL,
  exit_code smallint NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  holdfast_version text NOT NULL,
  CONSTRAINT audit_log_exit_code CHECK (exit_code BETWEEN 0 AND 7)
);
COMMENT ON TABLE holdfast_catalog.audit_log IS 'One row for each command that changed something, or tried to; added to, never changed';
COMMENT ON COLUMN holdfast_catalog.audit_log.subject IS 'What it was done to, such as a database, a store or a slot; without secrets';
CREATE INDEX audit_log_at ON holdfast_catalog.audit_log (at DESC);

CREATE FUNCTION holdfast_catalog.refuse_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: the audit log is added to, never changed', tg_op, tg_relid::regclass
    USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION holdfast_catalog.refuse_change() IS 'Keeps the audit log as it was written';
REVOKE EXECUTE ON FUNCTION holdfast_catalog.refuse_change() FROM PUBLIC;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast_catalog.audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION holdfast_catalog.refuse_change();
