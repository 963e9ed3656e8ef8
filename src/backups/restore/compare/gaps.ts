import type { Finding } from "../../../nouns/catalog/manifest.ts";
import { openAfterComparing } from "../../../nouns/content/omissions/open.ts";
import type { Chosen } from "../chosen/chosen.ts";

/**
 * What was not in the backup to begin with, as far as this restore would have brought it: large objects are
 * rows, the rest are definitions, and named tables want neither.
 */
export function gapsOf({ backup, request }: Pick<Chosen, "request" | "backup">): readonly Finding[] {
  const gaps = backup.manifest.gaps ?? [];
  if (request.tables.length > 0) return [];
  if (request.part === "whole") return openAfterComparing(gaps);
  return openAfterComparing(gaps).filter(
    ({ about }) => (about === "large-objects") === (request.part === "data"),
  );
}
