import { readDatabaseProperties } from "../../copy/judging/database-properties.ts";
import { isHoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import { profileOf } from "../../../nouns/platform/profiles.ts";
import type { Database } from "../../../ports/database.ts";
import type { RestorePorts } from "../request/ports.ts";
import {
  bringProperties,
  propertiesSentences,
  propertiesToDo,
  type PropertiesSource,
  type PropertiesToDo,
} from "./bring-properties.ts";
import { grantStatement, revokeStatement } from "./database-rights.ts";
import { LOCK_TIMEOUT } from "../care/lock-timeout.ts";
import type { Chosen } from "../chosen/chosen.ts";
import type { RestoreMode } from "../request/restore-mode.ts";
import type { TargetState } from "../target/target.ts";
import { isWholeDatabase } from "../chosen/scope.ts";
import { settingsTaken, settingStatement } from "./settings-into-database.ts";
import type { PlannedProperties } from "./planned-properties.ts";

/** Sessions of a restore besides those that compare side by side. */
const BESIDES = 5;

/** Said where an archive does not tell. */
export const UNTOLD =
  "what belongs to the source's database itself (settings, comment, connection limit, rights) " +
  "cannot be told from this archive, and is not brought";

/** What tells which properties are brought, and what is to be brought once that is planned. */
export interface BringingProperties extends Chosen {
  readonly mode: RestoreMode;
  readonly target: TargetState;
  readonly properties?: PlannedProperties;
}

/**
 * The plan with what of the source's database itself is brought; nothing for rows, named tables and some
 * schemas, which are no database.
 */
export async function withProperties<Plan extends BringingProperties>(
  plan: Plan,
  ports: RestorePorts,
): Promise<Plan> {
  const properties = await planProperties(plan, ports);
  return properties === undefined ? plan : { ...plan, properties };
}

async function planProperties(
  { request, backup: { manifest }, set, mode, target }: BringingProperties,
  ports: RestorePorts,
): Promise<PlannedProperties | undefined> {
  if (request.part === "data" || request.tables.length > 0 || !isWholeDatabase(manifest.scope)) {
    return undefined;
  }
  const artifact = set.phases.find((phase) => phase.artifact.kind !== "data")?.artifact;
  const context = {
    store: request.catalog.store,
    tools: await ports.dumpTools(),
    identities: request.identities,
  };
  const properties = artifact === undefined ? undefined : await readDatabaseProperties(context, artifact);
  if (properties === undefined || typeof properties === "string" || properties.owner === "") {
    return { source: undefined, toDo: undefined };
  }
  const isProject = mode === "project";
  const source: PropertiesSource = {
    properties,
    record: manifest.content.database,
    profile: manifest.platform && profileOf(manifest.platform.name),
    isNew: target.empty,
    made: new Set(isProject || request.createRoles ? target.missingRoles.map(({ name }) => name) : []),
    withoutRights: isProject || request.noPrivileges,
    connections: request.jobs + BESIDES,
  };
  await using session = await request.target.connect({ purpose: "restore plan" });
  const toDo = await propertiesToDo(session, source);
  const taken = await settingsTaken(session, request.target.address.database, toDo.settings, source.made);
  return { source, toDo: { ...toDo, settings: taken.set, notes: [...toDo.notes, ...taken.notes] } };
}

/** What a plan says of it: what is brought, and what stays as it is. */
export function plannedSentences({ source, toDo }: PlannedProperties): {
  readonly brings: readonly string[];
  readonly notes: readonly string[];
} {
  if (source === undefined || toDo === undefined) return { brings: [], notes: [UNTOLD] };
  return { brings: propertiesSentences(toDo), notes: toDo.notes };
}

/**
 * Brings it, in a transaction of its own. Whatever becomes of it, what was restored stands: so it is
 * said, never thrown.
 */
export async function bringAlone(
  database: Database,
  { properties, request }: Pick<BringingProperties, "properties" | "request">,
): Promise<readonly string[]> {
  if (properties === undefined) return [];
  if (properties.source === undefined) return [UNTOLD];
  try {
    await using session = await database.connect({ purpose: "restore" });
    await session.query("BEGIN");
    await session.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    const notes = await bringProperties(session, database.address.database, properties.source);
    await session.query("COMMIT");
    return notes;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    const toDo =
      properties.toDo === undefined ? [] : byHand(properties.toDo, request.target.address.database);
    return [
      [
        `what belongs to the source's database itself was not brought: ${error.message}`,
        // The content is there: to load all of it again for a setting would be wrong.
        ...(toDo.length === 0 ? [] : [`do by hand what is still missing: ${toDo.join("; ")}`]),
      ].join("; "),
    ];
  }
}

/** The statements, without values: those may be secrets. */
function byHand({ settings, comment, connectionLimit, rights }: PropertiesToDo, database: string): string[] {
  const name = quoteIdentifier(database);
  return [
    ...settings.map((setting) => settingStatement(setting, database, "…")),
    ...(comment === undefined ? [] : [`COMMENT ON DATABASE ${name} IS …`]),
    ...(connectionLimit === undefined ? [] : [`ALTER DATABASE ${name} CONNECTION LIMIT ${connectionLimit}`]),
    ...rights.given.map((right) => grantStatement(right, database)),
    ...rights.taken.map((right) => revokeStatement(right, database)),
  ];
}
