import type { DatabaseSession } from "../../../ports/database.ts";
import type { ContentScope, ObjectKind } from "../record.ts";
import { canonical } from "./canonical.ts";
import { eachObject } from "./each-object.ts";
import type { ServerFacts } from "./objects/object-class.ts";

/** Fields of an object, by name, as text a person can read. */
export type DefinitionFields = ReadonlyMap<string, string>;

/** `<kind> <identity>` → its fields: the same objects and fields that manifests hold as digests, in words. */
export type Definitions = ReadonlyMap<string, DefinitionFields>;

/**
 * The definitions of every object in scope as they can be held against others of the same server, field by
 * field. Expressions are spelled in one way (`canonical`).
 *
 * @param session with `PINNED_SETTINGS`
 */
export async function readDefinitions(
  session: DatabaseSession,
  scope: ContentScope,
  server: ServerFacts,
): Promise<Definitions> {
  const found = new Map<string, DefinitionFields>();
  await eachObject(
    session,
    scope,
    server,
    {
      kind: () => undefined,
      object({ kind, identity, fields, owner }) {
        const here = fields.filter(({ hidden }) => !hidden);
        found.set(
          definitionName(kind, identity),
          new Map(here.map(({ name, text, printed }) => [name, printed ? spelled(text) : text])),
        );
        if (owner !== null) {
          found.set(definitionName("owner", `${kind} ${identity}`), new Map([["owner", owner]]));
        }
      },
    },
    true,
  );
  return found;
}

/**
 * Texts of one database that were read before, by what the server printed. Dropped as a whole when
 * it is full.
 */
const SPELLED = new Map<string, string>();
const SPELLED_MAX = 20_000;

/** {@link canonical}, of which the same texts are asked in every reading. */
function spelled(text: string): string {
  const known = SPELLED.get(text);
  if (known !== undefined) return known;
  if (SPELLED.size >= SPELLED_MAX) SPELLED.clear();
  const found = canonical(text);
  SPELLED.set(text, found);
  return found;
}

/** How an object is called in {@link Definitions}. */
export function definitionName(kind: ObjectKind, identity: string): string {
  return `${kind} ${identity}`;
}
