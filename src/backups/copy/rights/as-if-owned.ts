import { digestRights, readEffectiveRights } from "../../../nouns/content/read/effective-rights.ts";
import type { ContentRecord, ContentScope, MeasuredContent } from "../../../nouns/content/record.ts";
import { wordAndRest } from "../../../nouns/platform/identity.ts";
import type { Database } from "../../../ports/database.ts";
import type { LoadContext } from "../artifacts/load.ts";
import type { ArtifactRecord } from "../../../nouns/catalog/manifest.ts";
import { readContents } from "../artifacts/load.ts";
import { isOfRights } from "../artifacts/rounds.ts";
import { byObject, objectKey } from "./as-if-given.ts";
import { readLists } from "./give-left.ts";
import { statementsOf } from "./give-singly.ts";
import { singleRights } from "./single-rights.ts";

/** Where the rights of a copy come from whose owner is another than the source's. */
export interface Owned {
  readonly context: LoadContext;
  /** The archive that holds its definitions. */
  readonly artifact: ArtifactRecord;
  /** Of the server that was backed up. */
  readonly sourceMajor: number;
}

/**
 * What a copy holds in which everything is the restoring role's own (`--no-owner`), as if it were still the
 * source's owners': a list of rights holds what its owner has, and an owner has every right that was given
 * to him without being given it. A list is taken for the source's only where it is exactly that but for the
 * owner; whatever else differs on it still does.
 *
 * @param expected what the source held
 */
export async function asIfOwned<Content extends MeasuredContent>(
  database: Database,
  scope: ContentScope,
  actual: Content,
  expected: ContentRecord,
  { context, artifact, sourceMajor }: Owned,
): Promise<Content> {
  const wanted = expected.objects.grant ?? {};
  if (actual.digests !== 2 || expected.digests !== 2 || Object.keys(wanted).length === 0) return actual;
  const entries = (await readContents(context, artifact)).filter((entry) => entry.names !== undefined);
  const lists = entries.filter(isOfRights);
  const texts = await readLists({ phase: { artifact } }, lists, context);
  await using session = await database.connect({ purpose: "compare" });
  const [row] = await session.query<{ role: string; here: string }>(
    "SELECT current_user::text AS role, quote_ident(current_user) AS here",
  );
  const { role, here } = row!;
  const rows = await session.query<{ quoted: string }>(
    "SELECT quote_ident(r) AS quoted FROM unnest($1::text[]) AS r",
    [
      [...new Set(lists.map(({ names }) => names!.owner))].filter(
        (owner) => owner !== "" && (expected.encoding === "UTF8" || /^[\x20-\x7e]+$/.test(owner)),
      ),
    ],
  );
  const all = texts.flatMap(statementsOf).flatMap(({ sql }) => singleRights(sql, sourceMajor));
  const own = await byObject(
    session,
    all.filter((right) => right.role === role && right.future === undefined),
  );
  const grant = { ...actual.objects.grant };
  for (const [name, rights] of await readEffectiveRights(session, scope)) {
    const [kind, identity] = wordAndRest(name);
    const digest = Object.hasOwn(wanted, identity) ? wanted[identity] : undefined;
    if (kind !== "grant" || digest === undefined || grant[identity] === digest) continue;
    const others = rights.filter((right) => !right.startsWith(`${here}:`));
    const owners = rights
      .filter((right) => right.startsWith(`${here}:`))
      .map((right) => right.slice(here.length));
    const given = own.get(objectKey(name))?.rights ?? [];
    // An owner who is given a right that may be passed on is noted to have it so.
    const ways = [owners, owners.map((right) => right.replace(/\*$/, ""))];
    const isSources = (quoted: string): boolean =>
      ways.some(
        (way) => digestRights([...others, ...way.map((right) => `${quoted}${right}`), ...given]) === digest,
      );
    if (rows.some(({ quoted }) => isSources(quoted))) grant[identity] = digest;
  }
  return { ...actual, objects: { ...actual.objects, grant } };
}
