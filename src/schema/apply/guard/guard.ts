import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { formatDuration } from "../../../kernel/duration.ts";
import { listed } from "../../../kernel/listed.ts";
import { Catalog } from "../../../nouns/catalog/catalog.ts";
import type { MigratePlan } from "../plan.ts";
import type { MigratePorts, MigrateRequest } from "../request.ts";
import type { Going } from "./going.ts";
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

/**
 * Holds what the pending files destroy against the verified backups of the store. With nothing destructive
 * pending the store is not asked.
 *
 * @throws store.* where the store could not be asked: that is not the same as having no backup
 */
export async function guardData(plan: MigratePlan, ports: MigratePorts): Promise<Guarded> {
  const { going, opaque } = plan;
  const goes = new Map(going.map(({ version, written }) => [version, written]));
  return { goes, opaque, ...(await decide(going, plan.request, ports)) };
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
  const lacking: string[] = [];
  let at = 0;
  for (const each of going) {
    const ids = each.losing.map(() => found?.by[at++]);
    const held = ids.every(Boolean) ? [...new Set(ids)].join(", ") : null;
    lacking.push(...each.words.filter((_, place) => ids[place] === undefined));
    if (held === null) open.push(each);
    permits.set(each.version, { backup: held, confirmed });
  }
  if (open.length === 0 || confirmed !== null) return { permits, refusal: undefined };
  return { permits: new Map(), refusal: refused(open, found, lacking, request) };
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
  lacking: readonly string[],
  { store, source, maxBackupAgeMs, database: { address } }: MigrateRequest,
): HoldfastError {
  const files = open.map(({ file, written }) => `${file} (${listed(written, 3)})`);
  const backup = `--store ${store?.url ?? "…"} --source ${source ?? "…"}`;
  return new HoldfastError(
    "refused.unconfirmed",
    `no verified backup holds what would be destroyed by ${listed(files, 5)}: ` +
      whatWasFound(found, lacking, maxBackupAgeMs),
    {
      hint:
        `Make one and prove it: holdfast backup ${backup} --recipients …, then holdfast validate ${backup} ` +
        "--identity-file …" +
        `${store === undefined ? ", and name the store here too" : ""}; ` +
        `or, where nobody needs the data, say --confirm ${address.database}.`,
    },
  );
}

function whatWasFound(found: Protection | undefined, lacking: readonly string[], maxAgeMs: number): string {
  if (found === undefined) return "no store was named";
  const { newest, count } = found;
  if (count === 0) return "the store holds no backup of it";
  if (newest === undefined) return `none of the ${count} in the store is verified and holds rows`;
  const age = `the newest verified backup, ${newest.id}, is ${formatDuration(newest.ageMs)} old`;
  return newest.ageMs > maxAgeMs
    ? `${age}, and may be ${formatDuration(maxAgeMs)}`
    : `${age}, and none that is young enough holds ${listed([...new Set(lacking)], 10)}`;
}
