import type { DatabaseSession } from "../../ports/database.ts";
import { otherSchemas } from "../history/other-schemas.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import { readState, type SchemaState } from "../proof/state.ts";

/**
 * The live schema as drift, plans and rollbacks are told by: without what is another application's.
 *
 * @param others schemas of others, where they are known: who holds the lease reads once which these are
 */
export async function readLiveSchema(
  session: DatabaseSession,
  others?: readonly string[],
): Promise<SchemaState> {
  const state = await readState(session);
  return withoutSchemas(state, others ?? (await otherSchemas(session)));
}

/** The fingerprint of {@link readLiveSchema}. */
export async function liveFingerprint(session: DatabaseSession, others?: readonly string[]): Promise<string> {
  return schemaFingerprint(await readLiveSchema(session, others)).hash;
}

/** Kinds that say something of another object: `owner table app.t`. */
const SAID_OF = /^(?:owner|comment|grant|security-label) /;

/** Without these schemas and what lies in them. What lies elsewhere and only uses them stays. */
export function withoutSchemas(state: SchemaState, schemas: readonly string[]): SchemaState {
  if (schemas.length === 0) return state;
  const liesIn = (object: string): boolean => {
    const of = object.replace(SAID_OF, "");
    const [kind, name] = [of.slice(0, of.indexOf(" ")), of.slice(of.indexOf(" ") + 1)];
    return schemas.some((each) => (kind === "schema" && name === each) || name.startsWith(`${each}.`));
  };
  return new Map([...state].filter(([object]) => !liesIn(object)));
}
