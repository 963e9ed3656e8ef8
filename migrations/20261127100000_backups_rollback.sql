DROP VIEW holdfast_catalog.newest_proved;
DROP TABLE holdfast_catalog.receipts;
DROP TABLE holdfast_catalog.backups;
DROP SCHEMA holdfast_catalog;
