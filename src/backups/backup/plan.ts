import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import type { Json } from "../../kernel/outcome.ts";
import { quantity } from "../../kernel/quantity.ts";
import { nearest } from "../../kernel/suggest.ts";
import { lostClientSettings } from "../../nouns/server/lost-clients.ts";
import { refuseTransactionPooler } from "../../nouns/server/refuse-pooler.ts";
import { readColumnMarks } from "../../nouns/content/read/column-marks.ts";
import { databaseFacts, type DatabaseFacts } from "../../nouns/server/database-facts.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { findClient } from "../copy/artifacts/client-programs.ts";
import { detectPlatform } from "../../nouns/platform/detect.ts";
import type { PlatformProfile } from "../../nouns/platform/profile.ts";
import type { ToolSet } from "../../ports/dump-tools.ts";
import type { BackupPorts } from "./ports.ts";
import { compareClocks, type Clocks } from "./clocks.ts";
import { newBackupId, timeOfBackupId } from "../../nouns/catalog/backup-id.ts";
import { artifactPath, manifestPath, type BackupKey } from "../../nouns/catalog/paths.ts";
import type { Kind } from "../../nouns/catalog/manifest.ts";
import type { BackupRequest } from "./request.ts";
import { isUsersSchema } from "../../postgres/schemas.ts";
import { requireKnownDemands } from "../../postgres/client-demands.ts";

/** What a backup will do: a value that prints as a table and as JSON, and that the run then carries out. */
export interface BackupPlan {
  readonly request: BackupRequest;
  readonly key: BackupKey;
  readonly facts: DatabaseFacts;
  readonly tools: ToolSet;
  /**
   * Whose ground the database stands on; undefined for plain PostgreSQL, and for a platform that
   * is not known.
   */
  readonly platform: PlatformProfile | undefined;
  /** What the person should know; the manifest keeps it. */
  readonly warnings: readonly string[];
  readonly clocks: Clocks;
  /** What pg_dump's session is told besides. */
  readonly dumpSettings: Readonly<Record<string, string>>;
  readonly dumps: readonly { readonly kind: Kind; readonly path: string }[];
}

/**
 * Asks the database, the store and the machine, and decides. A dry run changes nothing; otherwise a new
 * store's folder may be made.
 */
export async function planBackup(
  asked: BackupRequest,
  ports: BackupPorts,
  dryRun = false,
): Promise<BackupPlan> {
  const request = await checkStore(asked, ports, dryRun);
  await refuseTransactionPooler(request.database);
  await using session = await request.database.connect({ purpose: "plan" });
  const facts = await databaseFacts(session);
  const platform = await detectPlatform(session);
  await requireSchemas(session, request, ports);
  // A restore needs such a role; its safety backup is no place to say so.
  if (facts.superuser && request.tier !== "safety") {
    ports.log.warn(
      `${facts.role} is a superuser: functions in the database (those of indexes) could act ` +
        "with its power; a role with pg_read_all_data is enough for backups",
    );
  }
  const tools = await chooseTools(facts, request, ports);
  requireKnownDemands(tools, request.database.address.demands ?? {});
  const clocks = compareClocks(ports.clock, facts.serverTime);
  const id = newBackupId(new Date(ports.clock.now().getTime() - clocks.aheadMs), ports.random);
  const key: BackupKey = { id, source: request.source, tier: request.tier, time: timeOfBackupId(id) as Date };
  const encrypted = request.recipients.length > 0;
  const warnings = [
    ...(clocks.warning === undefined ? [] : [clocks.warning]),
    ...(await clientWarnings(session, facts, tools)),
  ];
  return {
    request,
    key,
    facts,
    tools,
    platform,
    warnings,
    clocks,
    dumpSettings: (await lostClientSettings(session)).dumping,
    dumps: request.kinds.map((kind) => ({ kind, path: artifactPath(key, kind, encrypted) })),
  };
}

/** The request with an access tier that the store has. */
async function checkStore(
  request: BackupRequest,
  ports: BackupPorts,
  dryRun: boolean,
): Promise<BackupRequest> {
  const { store, accessTier } = request;
  try {
    await store.check(!dryRun, accessTier === undefined ? {} : { accessTier });
  } catch (error) {
    if (isHoldfastError(error, "input.conflict") && accessTier !== undefined && !request.isAccessTierAsked) {
      ports.log.warn(`${error.message}; nobody asked for it, so the account's own tier is taken`);
      return await checkStore({ ...request, accessTier: undefined }, ports, dryRun);
    }
    // The first backup makes a new folder, so a dry run before it must not call that an error; a container
    // is never made.
    if (!dryRun || !store.url.startsWith("file://") || !isHoldfastError(error, "store.missing")) throw error;
    await store.check(false, { mayBeMade: true });
    ports.log.warn(`${error.message}; a backup makes it`);
  }
  return request;
}

/**
 * A schema that is asked for must exist, or the backup would hold less than was meant; one that is left out
 * and does not exist is only said.
 *
 * @throws input.malformed
 */
async function requireSchemas(
  session: DatabaseSession,
  { scope }: BackupRequest,
  ports: BackupPorts,
): Promise<void> {
  if (scope.includeSchemas.length + scope.excludeSchemas.length === 0) return;
  const rows = await session.query<{ name: string }>(
    `SELECT nspname::text AS name FROM pg_catalog.pg_namespace WHERE ${isUsersSchema("nspname")} ORDER BY 1`,
  );
  const present = new Set(rows.map((row) => row.name));
  const absent = scope.includeSchemas.find((name) => !present.has(name));
  if (absent !== undefined) {
    throw new HoldfastError(
      "input.malformed",
      `schemas holds '${absent}', and the database has no schema of that name`,
      {
        hint:
          `${didYouMean(absent, [...present])}It has ${[...present].slice(0, 10).join(", ")}` +
          `${present.size > 10 ? " …" : ""}; names are taken as they are, with their case.`,
      },
    );
  }
  for (const name of scope.excludeSchemas) {
    if (!present.has(name)) {
      ports.log.warn(
        `exclude-schemas holds '${name}', and the database has no schema ` +
          `of that name${left(name, [...present])}`,
      );
    }
  }
}

function didYouMean(name: string, present: readonly string[]): string {
  const near = nearest(name, present);
  return near === undefined ? "" : `Did you mean ${near}? `;
}

/** Of a schema that was to be left out: the one that is meant is in the backup then. */
function left(name: string, present: readonly string[]): string {
  const near = nearest(name, present);
  return near === undefined ? "" : `; ${near} is not left out`;
}

/** What the person should know of a pg_dump that is not of the server's own release. */
async function clientWarnings(
  session: DatabaseSession,
  facts: DatabaseFacts,
  tools: ToolSet,
): Promise<string[]> {
  const minor = Number(tools.version.split(".")[1]);
  if (tools.major === facts.major && minor >= facts.versionNumber % 10_000) return [];
  const marks = await readColumnMarks(session);
  if (marks.length === 0) return [];
  return [
    `this server keeps marks of its own among the options of columns (${marks.join(", ")}), which pg_dump ` +
      `${tools.version} does not know: it may write them into the dump, and other servers then refuse ` +
      "the tables; validate and restore make them without, pg_restore by hand needs the client programs " +
      `of PostgreSQL ${facts.version} for the backup`,
  ];
}

/** @throws tool.missing, tool.too-old */
async function chooseTools(
  facts: DatabaseFacts,
  request: BackupRequest,
  ports: BackupPorts,
): Promise<ToolSet> {
  const chosen = await findClient(facts.major, request.installClient, ports);
  if (chosen) return chosen;
  const installed = (await (await ports.dumpTools()).installed()).map((set) => set.version);
  const hint =
    `Install PostgreSQL ${facts.major} client programs (postgresql-client-${facts.major} from ` +
    `apt.postgresql.org)${ports.surface === "action" ? ", or set install-client: true" : ""}, or name ` +
    "their folder in HOLDFAST_PG_BIN.";
  if (installed.length === 0) {
    throw new HoldfastError("tool.missing", "no pg_dump was found on this machine", { hint });
  }
  throw new HoldfastError(
    "tool.too-old",
    `the server is PostgreSQL ${facts.version}, and the newest pg_dump here is ${installed[0]}`,
    { hint },
  );
}

/** The plan as rows for people. */
export function planRows(plan: BackupPlan): [string, string][] {
  const { request, facts, tools } = plan;
  const { includeSchemas, excludeSchemas } = request.scope;
  return [
    [
      "database",
      `${describeAddress(request.database.address)}, PostgreSQL ${facts.version}, about ` +
        `${Math.round(facts.sizeBytes / 1e6)} MB on disk`,
    ],
    ["platform", plan.platform?.title ?? "none that is known: plain PostgreSQL"],
    ["store", request.store.url],
    ["backup", `${request.source}/${request.tier}/${plan.key.id}`],
    ["dumps", `${request.kinds.join(", ")} by pg_dump ${tools.version} (${tools.binDir})`],
    [
      "schemas",
      includeSchemas.length > 0
        ? `only ${includeSchemas.join(", ")}`
        : excludeSchemas.length > 0
          ? `all but ${excludeSchemas.join(", ")}`
          : "all",
    ],
    ["proof", { content: "a fingerprint of every row", rows: "row counts", none: "none" }[request.proof]],
    [
      "encryption",
      request.recipients.length > 0 ? `age, ${quantity(request.recipients.length, "recipient")}` : "NONE",
    ],
    ["access tier", request.accessTier ?? "the account's own"],
    ...plan.warnings.map((warning): [string, string] => ["warning", warning]),
  ];
}

/** The plan as JSON. */
export function planJson(plan: BackupPlan): Json {
  const { request, facts, tools, key, dumps } = plan;
  return {
    id: key.id,
    source: key.source,
    tier: key.tier,
    store: request.store.url,
    database: describeAddress(request.database.address),
    serverVersion: facts.version,
    platform: plan.platform?.name ?? null,
    sizeBytes: facts.sizeBytes,
    pgDump: tools.version,
    proof: request.proof,
    scope: { includeSchemas: request.scope.includeSchemas, excludeSchemas: request.scope.excludeSchemas },
    recipients: request.recipients,
    accessTier: request.accessTier ?? "Default",
    artifacts: dumps.map((dump) => dump.path),
    manifest: manifestPath(key),
  };
}
