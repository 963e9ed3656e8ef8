import { HoldfastError } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import type { ContentScope } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { schemasToClear } from "./clear.ts";
import { objectsIn } from "./objects-in.ts";
import { platformsExtensions } from "./platforms-extensions.ts";
import { isWholeDatabase } from "../chosen/scope.ts";

/** Something that emptying drops and this role may not. */
interface OfOthers {
  readonly title: string;
  /** Not asked of what stands in a schema. */
  readonly owner?: string;
}

/**
 * Asks whether this role may drop what emptying drops: schemas, what stands in those that stay, extensions
 * and large objects. The server would say so only after the safety backup. What goes with its extension is
 * none of these.
 *
 * @throws database.permission
 */
export async function requireDroppable(session: DatabaseSession, scope: ContentScope): Promise<void> {
  const { dropped, kept, isKept } = await schemasToClear(session, scope);
  const isWhole = isWholeDatabase(scope);
  const emptied = [...kept, ...(isKept ? ["public"] : [])];
  const found: OfOthers[] = [
    ...(await schemasOfOthers(session, dropped)),
    ...(await objectsIn(session, emptied))
      .filter(({ isOwn }) => isOwn === false)
      .map(({ title }) => ({ title })),
    ...(isWhole ? [...(await extensionsOfOthers(session)), ...(await largeObjectsOfOthers(session))] : []),
  ];
  if (found.length === 0) return;
  const [row] = await session.query<{ role: string }>("SELECT current_user::text AS role");
  const owners = [...new Set(found.flatMap(({ owner }) => owner ?? []))].sort();
  const what = listed(found.map(({ title }) => title));
  const whose =
    owners.length === 0
      ? `others own ${what}`
      : `${listed(owners)} ${owners.length === 1 ? "owns" : "own"} ${what}`;
  throw new HoldfastError(
    "database.permission",
    `role ${row!.role} may not empty the target: ${whose} there`,
    {
      hint:
        "Restore as that owner or a superuser. Into a project of a platform, --into project (the default) " +
        "leaves the platform's schemas alone. Nothing was touched.",
    },
  );
}

async function schemasOfOthers(session: DatabaseSession, dropped: readonly string[]): Promise<OfOthers[]> {
  return await session.query<{ title: string; owner: string }>(
    `
      SELECT n.nspname::text AS title, pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner
        FROM pg_catalog.pg_namespace n
       WHERE n.nspname = ANY ($1)
         AND NOT pg_catalog.pg_has_role(n.nspowner, 'USAGE')
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                          WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                            AND d.objid = n.oid
                            AND d.deptype = 'e')
       ORDER BY 1
    `,
    [dropped],
  );
}

/** The platform's own stay where they are. */
async function extensionsOfOthers(session: DatabaseSession): Promise<OfOthers[]> {
  const platforms = await platformsExtensions(session);
  const rows = await session.query<{ name: string; owner: string }>(`
    SELECT extname::text AS name, pg_catalog.pg_get_userbyid(extowner)::text AS owner
      FROM pg_catalog.pg_extension
     WHERE extname <> 'plpgsql' AND NOT pg_catalog.pg_has_role(extowner, 'USAGE')
     ORDER BY 1
  `);
  return rows
    .filter(({ name }) => !platforms.names.has(name))
    .map(({ name, owner }) => ({ title: `extension ${name}`, owner }));
}

async function largeObjectsOfOthers(session: DatabaseSession): Promise<OfOthers[]> {
  return await session.query<{ title: string; owner: string }>(`
    SELECT 'large object ' || oid AS title, pg_catalog.pg_get_userbyid(lomowner)::text AS owner
      FROM pg_catalog.pg_largeobject_metadata
     WHERE NOT pg_catalog.pg_has_role(lomowner, 'USAGE')
     ORDER BY oid
     LIMIT 10
  `);
}
