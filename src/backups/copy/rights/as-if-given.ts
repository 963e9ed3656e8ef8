import { digestRights, readEffectiveRights } from "../../../nouns/content/read/effective-rights.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import { displayPart } from "../../../postgres/display-name.ts";
import type { ContentScope, MeasuredContent, ObjectKind } from "../../../nouns/content/record.ts";
import { afterName, leadingNames, namesKey, wordAndRest } from "../../../nouns/platform/identity.ts";
import type { Database, DatabaseSession } from "../../../ports/database.ts";
import { entryTitle } from "../artifacts/toc-names.ts";
import { recordedAggregates } from "./archived-arguments.ts";
import type { RefusedRights } from "./give-singly.ts";
import type { SingleRight } from "./single-rights.ts";

/**
 * What a copy holds, as if it had the rights that nobody could give it. Held against the source, nothing
 * differs for their sake, and whatever else differs on the same list still does.
 *
 * @param refused told by themselves
 */
export async function asIfGiven<Content extends MeasuredContent>(
  database: Database,
  scope: ContentScope,
  actual: Content,
  refused: readonly RefusedRights[],
): Promise<Content> {
  const lacking = refused.filter(({ outOfReach }) => outOfReach).flatMap(({ rights }) => rights);
  // Older manifests have rights in another form.
  if (lacking.length === 0 || actual.digests !== 2) return actual;
  await using session = await database.connect({ purpose: "compare" });
  const given = new Map(
    [...(await readEffectiveRights(session, scope))].map(([name, rights]) => [
      objectKey(name),
      { name, rights },
    ]),
  );
  const objects = { ...actual.objects };
  for (const [key, { name, rights }] of await byObject(session, lacking)) {
    // In a schema nothing is given of itself.
    const here = given.get(key) ?? (name.startsWith("default-privilege ") ? { name, rights: [] } : undefined);
    if (here === undefined) continue;
    const [kind, identity] = wordAndRest(here.name) as readonly [ObjectKind, string];
    objects[kind] = { ...objects[kind], [identity]: digestRights([...here.rights, ...rights]) };
  }
  return { ...actual, objects };
}

/** What rights are on, as a content record names it: `table public.t`, `role in schema for r`. */
export function rightsOn({ kind, object, column, future }: SingleRight): {
  readonly about: string;
  readonly name: string;
} {
  if (future !== undefined) {
    const where = future.schema === undefined ? "" : ` in ${displayPart(future.schema)}`;
    return {
      about: "default-privilege",
      name: `${displayPart(future.owner)}${where} for ${LETTERS[kind] ?? kind}`,
    };
  }
  return {
    about: "grant",
    name:
      column === undefined ? `${WORDS[kind] ?? kind.toLowerCase()} ${object}` : `column ${object}.${column}`,
  };
}

/** Rights that could not be given, as gaps, by what they are on. */
export function rightsFindings(refused: readonly RefusedRights[]): readonly Finding[] {
  return refused.map(({ entry, rights: [first], message }): Finding => ({
    severity: "gap",
    message,
    ...(first === undefined ? { about: "grant", name: entryTitle(entry) } : rightsOn(first)),
  }));
}

/** As `pg_default_acl` has them: https://www.postgresql.org/docs/current/catalog-pg-default-acl.html */
const LETTERS: Readonly<Record<string, string>> = {
  TABLE: "r",
  SEQUENCE: "S",
  FUNCTION: "f",
  TYPE: "T",
  SCHEMA: "n",
  "LARGE OBJECT": "L",
};
const WORDS: Readonly<Record<string, string>> = {
  PROCEDURE: "function",
  "FOREIGN SERVER": "server",
  "FOREIGN DATA WRAPPER": "wrapper",
};

/** Object, as a content record's rights have it → rights, as digests are made of them. */
export async function byObject(
  session: DatabaseSession,
  all: readonly SingleRight[],
): Promise<ReadonlyMap<string, { readonly name: string; readonly rights: readonly string[] }>> {
  const roles = [...new Set(all.map(({ role }) => role))];
  const rows = await session.query<{ name: string; quoted: string }>(
    "SELECT r AS name, quote_ident(r) AS quoted FROM unnest($1::text[]) AS r",
    [roles],
  );
  const aggregates = new Map(
    [...(await recordedAggregates(session))].map(([archived, recorded]) => [
      objectKey(`grant function ${archived}`),
      objectKey(`grant function ${recorded}`),
    ]),
  );
  const grantees = new Map(rows.map(({ name, quoted }) => [name, quoted]));
  const found = new Map<string, { readonly name: string; readonly rights: readonly string[] }>();
  for (const one of all) {
    const on = rightsOn(one);
    const name = `${on.about} ${on.name}`;
    const archived = objectKey(name);
    const key = aggregates.get(archived) ?? archived;
    found.set(key, {
      name,
      rights: [
        ...(found.get(key)?.rights ?? []),
        `${grantees.get(one.role)!}:${one.right}${one.grantable ? "*" : ""}`,
      ],
    });
  }
  return found;
}

/** One text for what pg_dump and the server may quote otherwise. */
export function objectKey(name: string): string {
  const future = /^default-privilege (.*)$/s.exec(name)?.[1];
  if (future !== undefined) return `default-privilege ${namesKey(futureWords(future))}`;
  const [, word = "", rest = ""] = /^grant (large object|[a-z]+) (.*)$/s.exec(name) ?? [];
  const names = leadingNames(rest);
  // What follows the names are a function's arguments, which both write alike, unless it is an aggregate.
  const behind = names.reduce((text) => afterName(text).replace(/^\./, ""), rest);
  return `grant ${word} ${namesKey([...names, behind])}`;
}

/** `role in schema for r` */
function futureWords(identity: string): readonly string[] {
  const behind = afterName(identity);
  const [role = ""] = leadingNames(identity);
  if (!behind.startsWith("in ")) return [role, behind];
  const where = behind.slice("in ".length);
  return [role, leadingNames(where)[0] ?? "", afterName(where)];
}
