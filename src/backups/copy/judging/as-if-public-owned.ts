import { digestRights, readEffectiveRights } from "../../../nouns/content/read/effective-rights.ts";
import type { ContentRecord, MeasuredContent } from "../../../nouns/content/record.ts";
import type { PlatformRecord } from "../../../nouns/platform/record.ts";
import type { Database } from "../../../ports/database.ts";
import { publicsOwner } from "./platforms-own.ts";

const PUBLIC = "schema public";

/**
 * What a copy holds, with the rights on `public` as if it belonged to the role of the platform's that owned
 * it at the source and that nobody here can be: a list of rights holds what its owner has. It is taken for
 * the source's only where it is exactly that but for the owner; whatever else differs still does.
 *
 * @param expected what the source held
 */
export async function asIfPublicOwned<Content extends MeasuredContent>(
  database: Database,
  actual: Content,
  expected: ContentRecord,
  platform: PlatformRecord | undefined,
): Promise<Content> {
  const [was, is] = [expected, actual].map(({ objects }) => objects.grant?.[PUBLIC]);
  const owner =
    platform === undefined ? undefined : publicsOwner(platform, expected.objects.owner?.[PUBLIC] ?? "");
  if (
    was === undefined ||
    was === is ||
    owner === undefined ||
    actual.digests !== 2 ||
    expected.digests !== 2
  ) {
    return actual;
  }
  await using session = await database.connect({ purpose: "compare" });
  const [row] = await session.query<{ here: string; there: string }>(
    `
      SELECT quote_ident(pg_get_userbyid(nspowner)) AS here, quote_ident($1) AS there
        FROM pg_namespace
       WHERE nspname = 'public'
    `,
    [owner],
  );
  if (row === undefined) return actual;
  const rights =
    (await readEffectiveRights(session, { includeSchemas: ["public"], excludeSchemas: [] })).get(
      `grant ${PUBLIC}`,
    ) ?? [];
  const asThere = rights.map((right) =>
    right.startsWith(`${row.here}:`) ? `${row.there}${right.slice(row.here.length)}` : right,
  );
  return digestRights(asThere) === was
    ? { ...actual, objects: { ...actual.objects, grant: { ...actual.objects.grant, [PUBLIC]: was } } }
    : actual;
}
