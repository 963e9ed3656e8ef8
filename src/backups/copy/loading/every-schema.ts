import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { ContentRecord, ObjectKind } from "../../../nouns/content/record.ts";

/** Kinds whose objects a search path finds, by the names they must not share. */
const NAMED: readonly (readonly ObjectKind[])[] = [
  ["table", "view", "materialized-view", "sequence"],
  ["function"],
  ["type"],
];

/** An identity: a schema, and a name that ends at its arguments. */
const IDENTITY = /^("(?:[^"]|"")*"|[^".]+)\.("(?:[^"]|"")*"|[^"(]+)/;

/**
 * A search path with all of a source's schemas, for what finds its tables only under a path that is in no
 * dump, as that of a database is. Undefined where two schemas hold something of one name: then it might find
 * another one than was meant, and say nothing.
 */
export function everySchema(content: ContentRecord): string | undefined {
  // Identities are quoted where needed.
  const schemas = new Set([
    ...Object.keys(content.objects.schema ?? {}),
    ...content.extensions.map(({ schema }) => quoteIdentifier(schema)),
  ]);
  const inTwo = NAMED.some((kinds) =>
    isAmbiguous(kinds.flatMap((kind) => Object.keys(content.objects[kind] ?? {}))),
  );
  return inTwo ? undefined : ["pg_catalog", ...schemas].join(", ");
}

function isAmbiguous(identities: readonly string[]): boolean {
  const schemaOf = new Map<string, string>();
  return identities.some((identity) => {
    const [, schema, name] = IDENTITY.exec(identity) ?? [];
    if (schema === undefined || name === undefined) return false;
    const other = schemaOf.get(name);
    schemaOf.set(name, schema);
    return other !== undefined && other !== schema;
  });
}
