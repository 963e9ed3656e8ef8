/**
 * Installs PostgreSQL's client programs on a machine that is thrown away afterwards. Laws: it only adds
 * programs under their versioned path, it never changes which one a bare `pg_dump` means, and it fails with
 * `tool.missing` when the programs cannot be had.
 */
export interface ToolInstaller {
  /**
   * Makes `pg_dump`, `pg_restore` and `psql` of this major version available; afterwards
   * `DumpTools.installed()` lists them.
   */
  install(major: number): Promise<void>;
}
