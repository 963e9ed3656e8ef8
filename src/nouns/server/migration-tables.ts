/**
 * Where migration tools keep their books. Every tool orders its own entries by a column of its choice, and
 * only that order says which one is the last: `10` comes before `9` in the alphabet.
 */

/** One tool's table. */
export interface MigrationTable {
  readonly schema: string;
  readonly table: string;
  /**
   * Columns the expressions below use; a table without one of them is another tool's. Those in `flags` must
   * be booleans.
   */
  readonly columns: readonly string[];
  readonly flags?: readonly string[];
  /** SQL over a row `m`: what the migration is called. */
  readonly name: string;
  /** SQL for what proves its text, where the tool records it. */
  readonly checksum?: string;
  /** SQL for the entries that are in force. */
  readonly where?: string;
  /** SQL for entries that count for the hash but are no version. */
  readonly isVersion?: string;
  /** In the order in which they were carried out; text is compared byte by byte. */
  readonly order: readonly string[];
}

/** Digits as the number they are, and before them whatever is none; ties and other words byte by byte. */
const numbered = (column: string): readonly string[] => [
  `CASE WHEN ${column}::text ~ '^[0-9]+$' THEN ${column}::text::numeric END NULLS FIRST`,
  `${column}::text COLLATE "C"`,
];
const text = (column: string): string => `${column}::text COLLATE "C"`;

/**
 * A version that was undone or deleted keeps its row and gets another one, so the last row of a version
 * tells. Repeatable migrations have no version.
 * https://documentation.red-gate.com/fd/flyway-schema-history-table-273973417.html
 */
const FLYWAY_IN_FORCE = `
  m.success
    AND m.type::text <> 'SCHEMA'
    AND NOT EXISTS (
                    SELECT FROM public.flyway_schema_history later
                     WHERE later.version::text = m.version::text
                       AND later.success
                       AND later.installed_rank > m.installed_rank)
    AND m.type::text <> 'DELETE'
    AND m.type::text !~ '^UNDO'
`;

/** Older versions of goose record a step back as a row of its own: https://github.com/pressly/goose */
const GOOSE_IN_FORCE = `
  m.version_id::text <> '0'
    AND m.is_applied
    AND NOT EXISTS (
                    SELECT FROM public.goose_db_version later
                     WHERE later.version_id = m.version_id AND later.id > m.id)
`;

const atlas = (schema: string): MigrationTable => ({
  // https://atlasgo.io/concepts/migration-directory-integrity: files are applied in the order of their
  // versions; a part is no revision.
  schema,
  table: "atlas_schema_revisions",
  columns: ["version", "hash", "applied", "total"],
  name: "m.version",
  checksum: "m.hash",
  where: "m.applied::text = m.total::text",
  order: numbered("m.version"),
});

/** In this order of preference: the first that exists tells the schema version, or that there is none. */
export const MIGRATION_TABLES: readonly MigrationTable[] = [
  {
    // docs/formats.md: our own; positions are versions filled up to the same length.
    schema: "holdfast",
    table: "migrations",
    columns: ["version", "sha256", "position", "state"],
    name: "m.version",
    checksum: "m.sha256",
    where: "m.state::text = 'applied'",
    order: ["m.position"],
  },
  {
    // https://supabase.com/docs/reference/cli/supabase-migration: versions are timestamps.
    schema: "supabase_migrations",
    table: "schema_migrations",
    columns: ["version", "statements"],
    name: "m.version",
    checksum: "m.statements",
    order: numbered("m.version"),
  },
  {
    // https://www.prisma.io/docs/orm/prisma-migrate/understanding-prisma-migrate/migration-histories
    schema: "public",
    table: "_prisma_migrations",
    columns: ["migration_name", "checksum", "started_at", "finished_at", "rolled_back_at"],
    name: "m.migration_name",
    checksum: "m.checksum",
    where: "m.finished_at IS NOT NULL AND m.rolled_back_at IS NULL",
    order: ["m.started_at", text("m.migration_name")],
  },
  {
    schema: "public",
    table: "flyway_schema_history",
    columns: ["installed_rank", "version", "description", "type", "checksum", "success"],
    flags: ["success"],
    name: "coalesce(m.version::text, m.description::text)",
    checksum: "m.checksum",
    where: FLYWAY_IN_FORCE,
    isVersion: "m.version IS NOT NULL",
    order: ["m.installed_rank"],
  },
  {
    // https://docs.liquibase.com/concepts/tracking-tables/databasechangelog-table.html
    schema: "public",
    table: "databasechangelog",
    columns: ["id", "author", "filename", "dateexecuted", "orderexecuted", "md5sum"],
    name: "m.id::text || ' by ' || m.author::text",
    checksum: "m.filename::text || ' ' || coalesce(m.md5sum::text, '')",
    order: ["m.dateexecuted", "m.orderexecuted"],
  },
  {
    // https://github.com/graphile/migrate: committed migrations are numbered files.
    schema: "graphile_migrate",
    table: "migrations",
    columns: ["filename", "hash"],
    name: "m.filename",
    checksum: "m.hash",
    order: [text("m.filename")],
  },
  // https://salsita.github.io/node-pg-migrate/
  {
    schema: "public",
    table: "pgmigrations",
    columns: ["id", "name", "run_on"],
    name: "m.name",
    order: ["m.run_on", "m.id"],
  },
  // https://knexjs.org/guide/migrations.html
  { schema: "public", table: "knex_migrations", columns: ["id", "name"], name: "m.name", order: ["m.id"] },
  // https://orm.drizzle.team/docs/drizzle-kit-migrate: created_at is the migration's own time, in
  // milliseconds.
  {
    schema: "drizzle",
    table: "__drizzle_migrations",
    columns: ["hash", "created_at"],
    name: "m.created_at",
    checksum: "m.hash",
    order: ["m.created_at"],
  },
  // https://mikro-orm.io/docs/migrations
  {
    schema: "public",
    table: "mikro_orm_migrations",
    columns: ["id", "name"],
    name: "m.name",
    order: ["m.id"],
  },
  // https://sequelize.org/docs/v6/other-topics/migrations/
  { schema: "public", table: "SequelizeMeta", columns: ["name"], name: "m.name", order: [text("m.name")] },
  // https://kysely.dev/docs/migrations
  {
    schema: "public",
    table: "kysely_migration",
    columns: ["name", "timestamp"],
    name: "m.name",
    order: [text("m.name")],
  },
  // https://typeorm.io/migrations
  {
    schema: "public",
    table: "migrations",
    columns: ["id", "timestamp", "name"],
    name: "m.name",
    order: ["m.id"],
  },
  // https://laravel.com/docs/migrations
  {
    schema: "public",
    table: "migrations",
    columns: ["id", "migration", "batch"],
    name: "m.migration",
    order: ["m.batch", text("m.migration")],
  },
  // https://learn.microsoft.com/ef/core/managing-schemas/migrations/history-table: the id begins with the
  // time.
  {
    schema: "public",
    table: "__EFMigrationsHistory",
    columns: ["MigrationId"],
    name: 'm."MigrationId"',
    order: [text('m."MigrationId"')],
  },
  // https://docs.djangoproject.com/en/stable/topics/migrations/
  {
    schema: "public",
    table: "django_migrations",
    columns: ["id", "app", "name"],
    name: "m.app::text || '.' || m.name::text",
    order: ["m.id"],
  },
  // https://alembic.sqlalchemy.org/en/latest/tutorial.html: the heads alone, usually one; which of several
  // is the last is not recorded.
  {
    schema: "public",
    table: "alembic_version",
    columns: ["version_num"],
    name: "m.version_num",
    order: [text("m.version_num")],
  },
  {
    schema: "public",
    table: "goose_db_version",
    columns: ["id", "version_id", "is_applied"],
    flags: ["is_applied"],
    name: "m.version_id",
    where: GOOSE_IN_FORCE,
    order: ["m.id"],
  },
  atlas("atlas_schema_revisions"),
  atlas("public"),
  // https://www.doctrine-project.org/projects/doctrine-migrations/en/stable/reference/configuration.html:
  // class names that end in the time.
  {
    schema: "public",
    table: "doctrine_migration_versions",
    columns: ["version"],
    name: "m.version",
    order: [text("m.version")],
  },
  // https://book.cakephp.org/phinx/
  {
    schema: "public",
    table: "phinxlog",
    columns: ["version", "migration_name"],
    name: "m.version",
    order: numbered("m.version"),
  },
  // Rails and dbmate (text), Ecto and golang-migrate (bigint):
  // https://guides.rubyonrails.org/active_record_migrations.html#schema-dumping-and-you
  {
    schema: "public",
    table: "schema_migrations",
    columns: ["version"],
    name: "m.version",
    order: numbered("m.version"),
  },
];
