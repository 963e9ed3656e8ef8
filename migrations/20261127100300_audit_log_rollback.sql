DROP TABLE holdfast_catalog.audit_log;
DROP FUNCTION holdfast_catalog.refuse_change();
