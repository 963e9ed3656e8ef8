import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { formatDuration } from "../../../kernel/duration.ts";
import { listed } from "../../../kernel/listed.ts";
import { Catalog } from "../../../nouns/catalog/catalog.ts";
import type { Destroyed } from "../../script/destroys.ts";
import type { MigratePlan } from "../plan.ts";
import type { MigratePorts, MigrateRequest } from "../request.ts";
import { destructiveOf } from "./destructive.ts";
import { losingNow, type Losing } from "./live-objects.ts";
import { findProtection, type Protection } from "./protecting-backup.ts";

/** What is written down of why a file that destroys data was carried out. */
export interface Permit {
  readonly backup: string | null;
  readonly confirmed: string | null;
}

/** What is known of the data that goes, and whether it may go. */
export interface Guarded {
  /** By version: what goes, as people write it. */
  readonly goes: ReadonlyMap<string, readonly string[]>;
  /** Files whose work is not known from their text. */
  readonly opaque: readonly string[];
  /** By version. */
  readonly permits: ReadonlyMap<string, Permit>;
  /** Why it may not; undefined where it may. */
  readonly refusal: HoldfastError | undefined;
}

interface Going {
  readonly version: string;
  readonly file: string;
  readonly losing: readonly Losing[];
  readonly written: readonly string[];
}

/**
 * Holds what the pending files destroy against the verified backups of the store. With nothing destructive
 * pending neither the store nor, for this, the database is asked.
 *
 * @throws store.* where the store could not be asked: that is not the same as having no backup
 */
export async function guardData(plan: MigratePlan, ports: MigratePorts): Promise<Guarded> {
  const destructive = destructiveOf(plan.steps);
  const opaque = destructive.filter((each) => each.opaque).map(({ step }) => step.migration.forward.file);
  const going: Going[] = [];
  if (destructive.some(({ destroys }) => destroys.length > 0)) {
    await using session = await plan.request.database.connect({ purpose: "migrate data" });
    for (const { step, destroys } of destructive) {
      const losing: Losing[] = [];
      const written: string[] = [];
      for (const each of destroys) {
        const tables = await losingNow(session, each);
        losing.push(...tables);
        written.push(...wordsOf(each, tables));
      }
      if (losing.length === 0) continue;
      const { version, forward } = step.migration;
      going.push({ version, file: forward.file, losing, written: [...new Set(written)] });
    }
  }
  const goes = new Map(going.map(({ version, written }) => [version, written]));
  return { goes, opaque, ...(await decide(going, plan.request, ports)) };
}

const WORDS: Readonly<Record<Destroyed["what"], string>> = {
  table: "table",
  rows: "rows of",
  column: "column",
  values: "values of",
  type: "columns in",
  extension: "columns in",
  schema: "table",
  database: "table",
};

function wordsOf({ what, column }: Destroyed, tables: readonly Losing[]): string[] {
  return tables.map(
    ({ schema, name }) => `${WORDS[what]} ${schema}.${name}${column === undefined ? "" : `.${column}`}`,
  );
}

async function decide(
  going: readonly Going[],
  request: MigrateRequest,
  ports: MigratePorts,
): Promise<Pick<Guarded, "permits" | "refusal">> {
  if (going.length === 0) return { permits: new Map(), refusal: undefined };
  const { database } = request.database.address;
  const confirmed = request.confirm === database ? database : null;
  if (request.confirm !== undefined && confirmed === null) {
    const refusal = new HoldfastError(
      "refused.unconfirmed",
      `confirm is '${request.confirm}', and the database to be migrated is '${database}'`,
      { hint: "Type the database's own name; it guards against a wrong one." },
    );
    return { permits: new Map(), refusal };
  }
  const found = await ask(going, request, ports, confirmed !== null);
  const permits = new Map<string, Permit>();
  const open: Going[] = [];
  let at = 0;
  for (const each of going) {
    const ids = each.losing.map(() => found?.by[at++]);
    const held = ids.every(Boolean) ? [...new Set(ids)].join(", ") : null;
    if (held === null) open.push(each);
    permits.set(each.version, { backup: held, confirmed });
  }
  if (open.length === 0 || confirmed !== null) return { permits, refusal: undefined };
  return { permits: new Map(), refusal: refused(open, found, request) };
}

/** Where the loss is confirmed, a store that does not answer stops nobody. */
async function ask(
  going: readonly Going[],
  { store, source, maxBackupAgeMs, database }: MigrateRequest,
  ports: MigratePorts,
  isConfirmed: boolean,
): Promise<Protection | undefined> {
  if (store === undefined) return undefined;
  try {
    const catalog = new Catalog(await ports.openStore(store.url, store.secret));
    const losing = going.flatMap((each) => each.losing);
    const wanted = { source, database: database.address.database, maxAgeMs: maxBackupAgeMs };
    return await findProtection(catalog, losing, wanted, ports);
  } catch (error) {
    if (!isConfirmed || !isHoldfastError(error)) throw error;
    ports.log.warn(`the store was not asked, and the loss is confirmed: ${error.message}`);
    return undefined;
  }
}

function refused(
  open: readonly Going[],
  found: Protection | undefined,
  { store, source, maxBackupAgeMs, database: { address } }: MigrateRequest,
): HoldfastError {
  const files = open.map(({ file, written }) => `${file} (${listed(written, 3)})`);
  const backup = `--store ${store?.url ?? "…"} --source ${source ?? "…"}`;
  return new HoldfastError(
    "refused.unconfirmed",
    `no verified backup holds what would be destroyed by ${listed(files, 5)}: ` +
      whatWasFound(found, maxBackupAgeMs),
    {
      hint:
        `Make one and prove it: holdfast backup ${backup} --recipients …, then holdfast validate ${backup} ` +
        "--identity-file …" +
        `${store === undefined ? ", and name the store here too" : ""}; ` +
        `or, where nobody needs the data, say --confirm ${address.database}.`,
    },
  );
}

function whatWasFound(found: Protection | undefined, maxAgeMs: number): string {
  if (found === undefined) return "no store was named";
  const { newest, count } = found;
  if (count === 0) return "the store holds no backup of it";
  if (newest === undefined) return `none of the ${count} in the store is verified and holds rows`;
  const age = `the newest verified backup, ${newest.id}, is ${formatDuration(newest.ageMs)} old`;
  return newest.ageMs > maxAgeMs
    ? `${age}, and may be ${formatDuration(maxAgeMs)}`
    : `${age}, and does not hold all of it`;
}
