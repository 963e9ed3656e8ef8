import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { serverFacts } from "../../nouns/content/read/objects/server-facts.ts";
import { appliedOf, keysOf, keyText, maybeOurs } from "../books/applied-of.ts";
import { findBooks } from "../books/find-books.ts";
import { TakenBack } from "../books/taken-back.ts";
import type { Books, ToolName } from "../books/tool.ts";
import type { Migration } from "../folder/migration.ts";
import { compareKeys, isVersion } from "../../nouns/migration-files/version.ts";
import type { HistoryEntry } from "../history/entry.ts";
import { readLiveSchema, withoutSchemas } from "../live/live-schema.ts";
import { readHistory } from "../history/table.ts";
import { Chain } from "../proof/chain.ts";
import { compareDatabases, platformOfState } from "../proof/compare-databases.ts";
import { replay } from "../proof/replay.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import type { SchemaState } from "../proof/state.ts";
import { preludeFor } from "../shadow/platform.ts";
import { privateShadow } from "../shadow/shadow.ts";
import type { MigratePorts, MigrateRequest } from "./request.ts";
import { readMigrations, refuseUnclearMarks } from "./read-migrations.ts";

/** Migrations that are applied already and that the history does not know yet. */
export interface Adoption {
  /** Who says that they are applied. */
  readonly from: ToolName | "baseline";
  /** For people: the table that says so, or whoever asked. */
  readonly told: string;
  /** In the order of versions. */
  readonly migrations: readonly AdoptedMigration[];
  /** The live schema's fingerprint, equal to what the migrations make. */
  readonly fingerprint: string;
  /** What other tools had written down. */
  readonly books: string;
  /**
   * Schemas that were not compared, because no file of the folder names them; besides those that earlier
   * takeovers have left out.
   */
  readonly others: readonly string[];
}

/** One of them; fingerprints are null where the platform's own things are a part of them. */
export interface AdoptedMigration {
  readonly migration: Migration;
  readonly before: string | null;
  readonly after: string | null;
}

/** What is said to be applied. */
interface Claim {
  readonly from: Adoption["from"];
  readonly told: string;
  readonly claimed: readonly Migration[];
}

/**
 * Finds out what is applied, carries it out on a private server, and holds the database against that. Changes
 * nothing.
 *
 * @throws refused.unsafe where the database is not what these migrations make, or nobody can say what is
 *   applied; input.conflict where there is nothing to adopt from
 */
export async function planAdoption(request: MigrateRequest, ports: MigratePorts): Promise<Adoption> {
  const { migrations, ignored, unclear } = await readMigrations(request, ports);
  await using session = await request.database.connect({ purpose: "migrate adopt" });
  const history = await readHistory(session);
  const { from, told, claimed } = await claimOf(request, session, migrations, history);
  const known = keysOf(history);
  const fresh = claimed.filter(({ version }) => !known.has(keyText(version)));
  refuseUnclearMarks(unclear, fresh);
  const live = await readLiveSchema(session);
  const books = JSON.stringify((await findBooks(session)).map(toldBy));
  if (fresh.length === 0) {
    return { from, told, migrations: [], fingerprint: schemaFingerprint(live).hash, books, others: [] };
  }
  const { major } = await serverFacts(session);
  const all = migrations.filter(
    (migration) => claimed.includes(migration) || known.has(keyText(migration.version)),
  );
  const replayed = await carriedOutElsewhere(all, live, major, ports);
  const { others, deviations } = withoutOthers(replayed.deviations, migrations);
  const fingerprint = schemaFingerprint(withoutSchemas(live, others)).hash;
  if (deviations.length > 0) {
    throw deviating({ request, told, migrations: all, ignored }, { ...replayed, deviations }, fingerprint);
  }
  return {
    from,
    told,
    fingerprint,
    books,
    others,
    migrations: fresh.map((migration) => {
      const at = all.indexOf(migration);
      const isLast = at === all.length - 1;
      const [before, after] = replayed.hashes.at(-1) === fingerprint ? replayed.hashes.slice(at, at + 2) : [];
      return { migration, before: before ?? null, after: isLast ? fingerprint : (after ?? null) };
    }),
  };
}

/** What is written down is what was looked at: the same schema, the same word, and nothing by another run. */
export async function stillTold(adoption: Adoption, session: DatabaseSession): Promise<boolean> {
  const known = keysOf(await readHistory(session));
  return (
    !adoption.migrations.some(({ migration }) => known.has(keyText(migration.version))) &&
    JSON.stringify((await findBooks(session)).map(toldBy)) === adoption.books &&
    schemaFingerprint(withoutSchemas(await readLiveSchema(session), adoption.others)).hash ===
      adoption.fingerprint
  );
}

const toldBy = ({ table, applied }: Books): readonly unknown[] => [table, applied];

async function claimOf(
  request: MigrateRequest,
  session: DatabaseSession,
  migrations: readonly Migration[],
  history: readonly HistoryEntry[],
): Promise<Claim> {
  const { baseline, adopt } = request;
  if (baseline !== undefined) return baselineClaim(baseline, migrations, history);
  const ours = keysOf([...migrations, ...history]);
  const found = maybeOurs(await findBooks(session), ours).filter(({ tool }) => tool === adopt);
  const [books, ...more] = found;
  if (books === undefined) {
    throw new HoldfastError("input.conflict", `the database has no history of ${adopt}`, {
      hint: "Look at which tool has migrated it; for a schema that none has, give --baseline.",
    });
  }
  if (more.length > 0) {
    throw new HoldfastError(
      "refused.unsafe",
      `the database has several histories of ${adopt}: ${found.map(({ table }) => table).join(", ")}`,
      { hint: "Nobody can say which is this folder's: give --baseline with the version that is applied." },
    );
  }
  if (books.unclear !== undefined) {
    throw new HoldfastError(
      "refused.unsafe",
      `${books.table} of ${books.tool} is not clear: ${books.unclear.message}`,
      { hint: books.unclear.hint },
    );
  }
  // Its table may still name what we have taken back ourselves, and nobody has applied that since.
  const back = await TakenBack.read(session);
  const isBack = ({ version }: { readonly version: string }): boolean => back.isOldWord(books, version);
  requireFiles({ ...books, applied: books.applied.filter((each) => !isBack(each)) }, migrations);
  const claimed = appliedOf(books, migrations).filter((each) => !isBack(each));
  return { from: books.tool, told: books.table, claimed };
}

function baselineClaim(
  baseline: NonNullable<MigrateRequest["baseline"]>,
  migrations: readonly Migration[],
  history: readonly HistoryEntry[],
): Claim {
  if (history.length > 0) {
    throw new HoldfastError(
      "input.conflict",
      `the database has a history already, with ${quantity(history.length, "migration")}`,
      { hint: "Leave --baseline out; migrate-status says where the database stands." },
    );
  }
  if (!migrations.some(({ key }) => compareKeys(key, baseline.key) === 0)) {
    throw new HoldfastError("input.malformed", `baseline is '${baseline.version}', which no file has`, {
      hint: "Give the version of the last migration that the database has.",
    });
  }
  return {
    from: "baseline",
    told: `--baseline ${baseline.version}`,
    claimed: migrations.filter(({ key }) => compareKeys(key, baseline.key) <= 0),
  };
}

/** What was applied and is not here can neither be tried nor taken back. */
function requireFiles(books: Books, migrations: readonly Migration[]): void {
  const here = keysOf(migrations);
  const missing = books.applied.filter(({ version }) => !isVersion(version) || !here.has(keyText(version)));
  if (missing.length === 0) return;
  throw new HoldfastError(
    "refused.unsafe",
    `${books.table} says that these are applied, and the folder does not have them: ${listed(
      missing.map(({ version, name }) => (name === "" ? version : name)),
      5,
    )}`,
    { hint: "Check out the state from which they were applied, or put their files back." },
  );
}

interface Replayed {
  readonly deviations: ReturnType<typeof compareDatabases>;
  /** The fingerprint before the first, and after each. */
  readonly hashes: readonly string[];
  readonly described: string;
}

async function carriedOutElsewhere(
  migrations: readonly Migration[],
  live: SchemaState,
  major: number,
  ports: MigratePorts,
): Promise<Replayed> {
  const platform = platformOfState(live);
  await using shadow = await privateShadow(major, ports);
  await using chain = await Chain.open(shadow, preludeFor(platform));
  const ground = await chain.state();
  const hashes: string[] = [];
  const scripts = migrations.map(({ forward }) => forward);
  const stopped = await replay(chain, scripts, async ({ file }) => {
    ports.cancelled.throwIfAborted();
    ports.log.stage(`trying ${file} on ${shadow.described}`);
    hashes.push(schemaFingerprint(await chain.state()).hash);
  });
  if (stopped !== undefined) {
    const { file, failure } = stopped;
    throw new HoldfastError(
      "refused.unsafe",
      `${file}:${failure.line} does not go through on ${shadow.described}: ${failure.message}`,
      {
        hint:
          "Whether the database is what its migrations make can only be said where they can be tried: " +
          "mend the file, or install what it needs.",
      },
    );
  }
  const state = await chain.state();
  return {
    deviations: compareDatabases(live, { state, ground, platform }),
    hashes: [...hashes, schemaFingerprint(state).hash],
    described: shadow.described,
  };
}

/**
 * What lies in a schema that no file names, pending ones too, is another application's in the same database,
 * and no migration of the folder has anything to say about it.
 */
function withoutOthers(
  deviations: Replayed["deviations"],
  migrations: readonly Migration[],
): { readonly others: readonly string[]; readonly deviations: Replayed["deviations"] } {
  const texts = migrations.map(({ forward }) => forward.text.toLowerCase());
  const schemaOf = ({ object, change }: Replayed["deviations"][number]): string | undefined => {
    const [, name] = /^schema (.*)$/s.exec(object) ?? [];
    const plain = name
      ?.replace(/^"(.*)"$/s, "$1")
      .replaceAll('""', '"')
      .toLowerCase();
    const isOthers = change === "extra" && plain !== undefined && !texts.some((each) => each.includes(plain));
    return isOthers ? name : undefined;
  };
  return {
    others: deviations.flatMap((each) => schemaOf(each) ?? []),
    deviations: deviations.filter((each) => schemaOf(each) === undefined),
  };
}

/** What was tried. */
interface Tried {
  readonly request: MigrateRequest;
  readonly told: string;
  readonly migrations: readonly Migration[];
  /** Files of the folder that are not read, and why. */
  readonly ignored: readonly string[];
}

function deviating(
  { request: { database }, told, migrations, ignored }: Tried,
  { deviations, hashes, described }: Replayed,
  live: string,
): HoldfastError {
  const unread = ignored.length === 0 ? "" : ` Not carried out of the folder: ${listed(ignored, 5)}.`;
  const matching = migrations[hashes.lastIndexOf(live) - 1];
  return new HoldfastError(
    "refused.unsafe",
    `the schema of ${database.address.database} is not what the ` +
      `${quantity(migrations.length, "migration")} of ${told} make on ${described}: ${listed(
        deviations.map(({ object, message }) => `${object} ${message}`),
        10,
      )}`,
    {
      hint:
        (matching === undefined
          ? "Bring the two together first: change the database, or add to the files what they lack."
          : `It is the schema of version ${matching.version}.`) + unread,
    },
  );
}
