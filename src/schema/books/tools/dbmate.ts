import type { Tool } from "../tool.ts";

/** dbmate: one column, one row a version. https://github.com/amacneil/dbmate#schema-file */
export const dbmate: Tool = {
  name: "dbmate",
  table: "schema_migrations",
  columns: ["version"],
  // golang-migrate's and Ecto's table of the same name.
  without: ["dirty", "inserted_at"],
  // Rails' table has the same one column: https://guides.rubyonrails.org/active_record_migrations.html
  notBeside: "ar_internal_metadata",
  read: (rows) => ({ applied: rows.map(({ version }) => ({ version: version ?? "", name: "" })) }),
};
