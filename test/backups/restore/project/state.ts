import { measure } from "../../../nouns/content/copies.ts";
import type { ContentRecord } from "../../../../src/nouns/content/record.ts";
import type { Project } from "../../../support/supabase/supabase.ts";

/** Everything in a project, row by row and definition by definition, as its superuser sees it. */
export async function stateOf(project: Project): Promise<ContentRecord> {
  const content = await measure(project.adminAddress);
  // Object ids and sizes on disk are the server's; a rolled-back transaction leaves some behind.
  const tables = content.tables.map(({ oid: _, bytes: __, sequenceOids: ___, ...table }) => table);
  return { ...content, tables: tables as ContentRecord["tables"] };
}
