import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import { compareKeys, versionKey } from "../../nouns/migration-files/version.ts";
import type { KnownRange, SchemaRange } from "../app/schema-range.ts";
import type { DatabaseNow, Way } from "./database-road.ts";

/** What whoever goes back has decided of the database. */
export const SCHEMA_CHOICES = ["check", "keep", "migrations"] as const;
export type SchemaChoice = (typeof SCHEMA_CHOICES)[number];

/** What is known, and what is wanted. */
export interface Gated {
  /** Of the release that is gone back to, with its build. */
  readonly version: string;
  readonly range: KnownRange;
  /** Undefined where no database was given. */
  readonly live: Pick<DatabaseNow, "versions" | "isOwn" | "half"> | undefined;
  readonly choice: SchemaChoice;
  /** Of a backup that is to be restored. */
  readonly fromBackup: string | undefined;
}

/** What becomes of the database. */
export interface Passed {
  /** Undefined where it stays as it is. */
  readonly way: Way | undefined;
  /** Why the release runs on it, for plan and record. */
  readonly what: string;
}

/**
 * Holds the schemas that a release runs on against what the database has. A release is never put on a schema
 * that it is not known to run on without anybody having said so.
 *
 * @throws refused.schema, with every way that is open; input.missing, input.conflict
 */
export function passSchemaGate(gated: Gated): Passed {
  const { version, range, live, choice, fromBackup } = gated;
  requireOneWay(gated);
  if (fromBackup !== undefined) {
    return { way: { kind: "backup", backup: fromBackup }, what: `the database comes from ${fromBackup}` };
  }
  if (choice === "keep") {
    return { way: undefined, what: `the schema stays: whoever goes back says that ${version} runs on it` };
  }
  if (range === undefined) throw untold(version);
  if (range === null) {
    if (live !== undefined && live.versions.length > 0) {
      throw tooNew(version, "no schema", live.versions, live.isOwn);
    }
    return { way: undefined, what: `${version} has no migrations` };
  }
  if (live === undefined) throw unasked(version, range);
  if (live.half !== undefined && choice === "check") throw halfDone(version, live.half);
  const newest = newestOf(live.versions);
  if (newest === undefined || isBefore(newest, range.from)) throw tooOld(version, range, newest, live.isOwn);
  requireOwnOnes(version, range, live);
  if (!isBefore(range.to, newest)) {
    return {
      way: undefined,
      what: `${version} runs on schemas ${told(range)}, and the database is at ${newest}`,
    };
  }
  const newer = live.versions.filter((each) => isBefore(range.to, each));
  if (choice === "check") throw tooNew(version, `schemas ${told(range)}`, newer, live.isOwn);
  const at = live.versions.findLastIndex((each) => !isBefore(range.to, each));
  const stays = live.versions[at];
  if (stays === undefined || isBefore(newestOf(live.versions.slice(0, at + 1))!, range.from)) {
    throw tooOld(version, range, stays, live.isOwn);
  }
  const between = live.versions.slice(0, at).filter((each) => isBefore(range.to, each));
  if (between.length > 0) throw outOfOrder(stays, between);
  return {
    way: { kind: "scripts", to: stays },
    what: `${version} runs on schemas ${told(range)}: ${quantity(newer.length, "migration")} too new`,
  };
}

/**
 * Whether a release runs on the schema that a database has come to.
 *
 * @returns why it does not
 */
export function misfit(range: KnownRange, versions: readonly string[]): string | undefined {
  if (range === null || range === undefined) return undefined;
  const newest = newestOf(versions);
  const runs = newest !== undefined && !isBefore(newest, range.from) && !isBefore(range.to, newest);
  return runs ? undefined : `it is at ${newest ?? "no version"}, and the release runs on ${told(range)}`;
}

/**
 * A number within the range says nothing of migrations that came late: one that the release never knew, or
 * one of its own that was never applied here.
 *
 * @throws refused.schema
 */
function requireOwnOnes(
  version: string,
  range: SchemaRange,
  { versions, isOwn }: Pick<DatabaseNow, "versions" | "isOwn">,
): void {
  const within = versions.filter((each) => !isBefore(range.to, each));
  // A database that has not come to the end of the range has fewer, as it should.
  const isThere = within.some((each) => !isBefore(each, range.to));
  if (!isOwn || !isThere || within.length === range.count) return;
  const [more, fewer] = ["one or more that it never knew", "without one or more of its own"];
  throw new HoldfastError(
    "refused.schema",
    `${version} has ${quantity(range.count, "migration")} up to ${range.to}, and the database has ` +
      `${within.length}: ${within.length > range.count ? more : fewer}`,
    {
      hint:
        "One came late, or files were put together since. Compare with migrate-status from that release's " +
        `checkout; ${BY_WORD}.`,
    },
  );
}

function requireOneWay({ choice, fromBackup, live }: Gated): void {
  if (fromBackup !== undefined && choice !== "check") {
    throw new HoldfastError("input.conflict", `both --from-backup and --schema ${choice} are given`, {
      hint: "A restore brings the schema of the backup along: choose one.",
    });
  }
  if (live === undefined && (fromBackup !== undefined || choice === "migrations")) {
    throw new HoldfastError("input.missing", "the database is to be taken back, and none was given", {
      hint: "Give --database-file, or HOLDFAST_DATABASE.",
    });
  }
}

/** The highest: a late one may have been applied last. */
export function newestOf(versions: readonly string[]): string | undefined {
  return versions.reduce<string | undefined>(
    (newest, each) => (newest === undefined || isBefore(newest, each) ? each : newest),
    undefined,
  );
}

function isBefore(a: string, b: string): boolean {
  return compareKeys(versionKey(a), versionKey(b)) < 0;
}

function told({ from, to }: SchemaRange): string {
  return from === to ? to : `${from} to ${to}`;
}

const BY_WORD = "or, where you know that it runs on the schema as it is, say --schema keep";
const OTHERS = "the tool that applied the others";

function untold(version: string): HoldfastError {
  return new HoldfastError("refused.schema", `nobody told on which schemas ${version} runs`, {
    hint: `Give its release unit with --unit, or run in a checkout that has its tag; ${BY_WORD}.`,
  });
}

function unasked(version: string, range: SchemaRange): HoldfastError {
  return new HoldfastError(
    "refused.schema",
    `${version} runs on schemas ${told(range)}, and which one the database has could not be asked`,
    { hint: `Give it with --database-file; ${BY_WORD}.` },
  );
}

/** @param isOwn whether Holdfast applied what is there: another tool's history is its own to go on with */
function tooOld(
  version: string,
  range: SchemaRange,
  newest: string | undefined,
  isOwn: boolean,
): HoldfastError {
  return new HoldfastError(
    "refused.schema",
    `${version} needs schema ${range.from}, and the database is at ${newest ?? "no version"}`,
    {
      hint:
        `Apply what is missing with ${isOwn || newest === undefined ? "holdfast migrate" : OTHERS} from ` +
        "that release's checkout, or go back to a release that runs on what is there.",
    },
  );
}

function halfDone(version: string, file: string): HoldfastError {
  return new HoldfastError(
    "refused.schema",
    `${file} is half done, and on half of a migration nobody knows what runs: ${version} neither`,
    { hint: `End it with migrate, or take it back with migrate-rollback; ${BY_WORD}.` },
  );
}

function outOfOrder(stays: string, between: readonly string[]): HoldfastError {
  return new HoldfastError(
    "refused.schema",
    `${listed(between, 5)} would have to be taken back, and ${stays}, which has to stay, was applied after`,
    { hint: "Scripts take back the newest first: bring a backup from before back, with --from-backup." },
  );
}

function tooNew(version: string, runsOn: string, newer: readonly string[], isOwn: boolean): HoldfastError {
  const back = isOwn
    ? "Take them back along with the app: holdfast rollback --schema migrations."
    : "Another tool applied them: take them back with it, or, after holdfast migrate --adopt, along " +
      "with the app by holdfast rollback --schema migrations.";
  return new HoldfastError(
    "refused.schema",
    `${version} runs on ${runsOn}, and the database has ` +
      `${quantity(newer.length, "migration")} more: ${listed(newer, 5)}`,
    {
      hint:
        `${back} Or bring the rows of before back, too: --from-backup. Or mend forward: deploy a new ` +
        `release. ${BY_WORD[0]!.toUpperCase()}${BY_WORD.slice(1)}.`,
    },
  );
}
