DROP TABLE holdfast_catalog.rollback_records;
