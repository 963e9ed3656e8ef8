import { cutAfter } from "../../../postgres/sql-quotes.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { EFFECTIVE_RIGHTS } from "./objects/grants.ts";
import { fieldDigest, writeDigests } from "./objects/field-digests.ts";
import { objectQuery, type ObjectRow } from "./objects/object-query.ts";
import { serverFacts } from "./objects/server-facts.ts";
import { decodeText } from "./objects/server-text.ts";
import type { ContentScope } from "../record.ts";
import { scopeValues } from "../scope.ts";

/** `<kind> <identity>` → its rights, as `grantee:PRIVILEGE`, with `*` where they may be passed on. */
export type EffectiveRights = ReadonlyMap<string, readonly string[]>;

/**
 * Rights as they hold on everything in scope, in words and not as digests; also where nobody has given
 * or taken any.
 */
export async function readEffectiveRights(
  session: DatabaseSession,
  scope: ContentScope,
): Promise<EffectiveRights> {
  const server = await serverFacts(session);
  const found = new Map<string, readonly string[]>();
  for (const each of EFFECTIVE_RIGHTS) {
    for (const row of await session.query<ObjectRow>(objectQuery(server, each), scopeValues(scope))) {
      const all = row["f0"] ?? null;
      found.set(
        `${each.kind} ${decodeText(server, row.identity)}`,
        all === null ? [] : cutAfter(decodeText(server, all), ",").map((right) => right.replace(/,$/, "")),
      );
    }
  }
  return found;
}

/** As a content record has these rights. */
export function digestRights(rights: Iterable<string>): string {
  // As the server sorts names: by their bytes.
  const sorted = [...new Set(rights)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const isMaintain = (right: string): boolean => /:MAINTAIN\*?$/.test(right);
  const fields = [
    ["rights", sorted.filter((right) => !isMaintain(right))],
    ["maintain", sorted.filter(isMaintain)],
  ] as const;
  return writeDigests(
    fields.flatMap(([name, of]): [string, string][] => {
      const digest = fieldDigest(of.join(","), false);
      return digest === undefined ? [] : [[name, digest]];
    }),
  );
}
