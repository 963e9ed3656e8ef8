/**
 * Every way Holdfast can fail on purpose, in one table.
 *
 * Three kinds of bad news are kept apart: a *verdict* is a value a capability returns, an *operating failure*
 * is a thrown {@link HoldfastError} with a code from this table, and anything else that is thrown is a bug
 * (exit 1). `docs/reference/errors.md` is generated from here, so a meaning written here is what the person
 * on call reads.
 */

/** What sort of failure a code is; decides the process's exit code. */
export type ErrorKind = "input" | "outside" | "integrity" | "locked" | "refused";

/**
 * Exit codes are a contract with everything that runs Holdfast; 3 is reserved for verdicts, which are
 * returned, not thrown.
 */
export const EXIT = {
  done: 0,
  bug: 1,
  input: 2,
  verdict: 3,
  outside: 4,
  integrity: 5,
  locked: 6,
  refused: 7,
} as const;

/** One of the documented exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Code → kind and meaning. The part before the dot is the thing that failed. */
export const ERRORS = {
  "input.missing": { kind: "input", meaning: "a required input was not given" },
  "input.malformed": { kind: "input", meaning: "an input has a value that cannot be understood" },
  "input.unknown": { kind: "input", meaning: "an input, option or command of that name does not exist" },
  "input.conflict": { kind: "input", meaning: "inputs contradict each other" },
  "input.no-such-backup": {
    kind: "input",
    meaning: "the store was read completely and holds no backup of that id",
  },

  "input.no-such-snapshot": {
    kind: "input",
    meaning: "the store was read completely and holds no snapshot of that id, or none with that version",
  },

  "store.missing": { kind: "outside", meaning: "the store's folder or container does not exist" },
  "store.not-found": { kind: "outside", meaning: "the store answered that this blob does not exist" },
  "store.exists": { kind: "outside", meaning: "a blob that may only be created once already exists" },
  "store.denied": { kind: "outside", meaning: "the store refused the credentials or the right to do this" },
  "store.full": { kind: "outside", meaning: "the store has no room left" },
  "store.read-only": { kind: "outside", meaning: "the store cannot be written" },
  "store.changed": { kind: "outside", meaning: "a blob was changed by somebody else in the meantime" },
  "store.archived": {
    kind: "outside",
    meaning: "the blob is in the archive access tier and cannot be read until it is rehydrated",
  },
  "store.unreadable": {
    kind: "outside",
    meaning: "a blob is there, and its disk, file system or mount gives an error where it is to be read",
  },
  "store.unreachable": { kind: "outside", meaning: "the store did not answer, or the connection broke" },
  "store.lied": {
    kind: "outside",
    meaning:
      "two reads of the same blob gave different bytes or lengths: the store or the network " +
      "is at fault, not the backup",
  },

  "database.unreachable": { kind: "outside", meaning: "no connection to the database server" },
  "database.denied": { kind: "outside", meaning: "the database server refused the user or password" },
  "database.missing": { kind: "outside", meaning: "the server has no database of that name" },
  "database.tls": { kind: "outside", meaning: "the encrypted connection could not be made as demanded" },
  "database.permission": {
    kind: "outside",
    meaning: "the role may not read or write something that is needed",
  },
  "database.row-security": { kind: "outside", meaning: "row-level security would hide rows from this role" },
  "database.pooler": {
    kind: "outside",
    meaning: "the address is a transaction pooler, which cannot hold a snapshot",
  },
  "database.half-restored": {
    kind: "outside",
    meaning: "a restore was stopped in the middle, and the database looks as if it had everything",
  },
  "database.unsupported": { kind: "outside", meaning: "the server's version or state is not supported" },
  "database.lost": {
    kind: "outside",
    meaning: "the connection was cut or the server restarted while working",
  },
  "database.too-slow": { kind: "outside", meaning: "the snapshot was held for as long as allowed" },
  "database.lock-timeout": {
    kind: "outside",
    meaning: "a table was locked by somebody else for longer than allowed",
  },
  "database.changing": {
    kind: "outside",
    meaning: "somebody changed the schema while it was read or written, at every attempt",
  },
  "database.not-empty": {
    kind: "refused",
    meaning: "the target database holds objects and no confirmation was given",
  },
  "database.lacks": {
    kind: "outside",
    meaning: "the target server lacks roles or extensions that the backup needs",
  },
  "database.query": { kind: "outside", meaning: "the database answered a query with an error" },

  "tool.missing": { kind: "outside", meaning: "a PostgreSQL program that is needed is not installed" },
  "tool.too-old": {
    kind: "outside",
    meaning: "every installed PostgreSQL client is older than the server or the archive",
  },
  "tool.failed": { kind: "outside", meaning: "a PostgreSQL program ended with an error" },

  "app.unhealthy": {
    kind: "outside",
    meaning: "an app does not answer as one that is well, or as another build",
  },
  "app.settings-differ": {
    kind: "outside",
    meaning: "a swap would change settings that production has, and nothing declares that it may",
  },
  "app.tests-failed": { kind: "outside", meaning: "the tests of a build that was deployed failed" },
  "web.unreachable": { kind: "outside", meaning: "an address gave no answer" },
  "web.untrusted": { kind: "outside", meaning: "an address shows a certificate that is not trusted" },
  "web.doubtful": {
    kind: "outside",
    meaning: "a watched address fails in a way that says nothing about a release",
  },
  "web.offline": {
    kind: "outside",
    meaning: "neither the watched address nor the one it is held against answered this machine",
  },
  "programs.unusable": { kind: "outside", meaning: "a program that was named could not be started" },

  "disk.full": { kind: "outside", meaning: "not enough local disk for this step" },
  "disk.unusable": {
    kind: "outside",
    meaning: "the local folder for temporary files does not exist, may not be written, or its disk fails",
  },

  "seal.identity": { kind: "input", meaning: "none of the given identities opens this backup" },
  "seal.damaged": { kind: "integrity", meaning: "the encrypted or compressed bytes are damaged" },

  "catalog.damaged": { kind: "integrity", meaning: "a manifest or receipt is not what was written" },
  "catalog.unknown-format": { kind: "outside", meaning: "a manifest was written by a newer Holdfast" },
  "artifact.missing": { kind: "integrity", meaning: "a blob that the manifest promises is not in the store" },
  "artifact.damaged": { kind: "integrity", meaning: "stored bytes differ from what the manifest promises" },
  "dump.incomplete": { kind: "integrity", meaning: "the dump does not hold what the snapshot holds" },

  "source.missing": {
    kind: "input",
    meaning: "a folder or file of the checkout that was named does not exist",
  },
  "source.unreadable": { kind: "outside", meaning: "a folder or file of the checkout could not be read" },
  "source.changed": { kind: "outside", meaning: "a file was changed by somebody else while it was used" },
  "source.unwritable": { kind: "outside", meaning: "a file of the checkout could not be written" },
  "source.history": {
    kind: "outside",
    meaning:
      "git could not say what the base holds: it is not installed, the base is not here, " +
      "or the checkout has no history",
  },

  "release.uncalculated": {
    kind: "outside",
    meaning: "which version comes next could not be worked out from the commits and tags",
  },

  "unit.damaged": { kind: "integrity", meaning: "a release unit is not what was written" },
  "unit.unknown-format": { kind: "outside", meaning: "a release unit was written by a newer Holdfast" },

  "input.no-such-run": {
    kind: "input",
    meaning: "the store was read completely and holds no journal of that run",
  },
  "journal.damaged": { kind: "integrity", meaning: "the journal of a run is not what was written" },
  "journal.unknown-format": { kind: "outside", meaning: "a journal was written by a newer Holdfast" },
  "runbook.timeout": { kind: "outside", meaning: "a step of a runbook did not become true in its time" },
  "runbook.unconfirmed": {
    kind: "outside",
    meaning: "a step of a runbook was done and is not so afterwards, or something else is so",
  },

  "functions.unreachable": {
    kind: "outside",
    meaning: "the host of edge functions, or a function, did not answer, or gave what is no answer",
  },
  "functions.denied": {
    kind: "outside",
    meaning: "the host of edge functions refused the access token, or what it may not do",
  },
  "functions.unpaid": {
    kind: "outside",
    meaning: "the plan at the host of edge functions does not cover what was asked",
  },
  "functions.rate-limited": {
    kind: "outside",
    meaning: "the host of edge functions asked to wait for longer than is waited",
  },
  "functions.refused": {
    kind: "outside",
    meaning: "the host of edge functions understood what it was given and did not take it",
  },
  "functions.no-project": {
    kind: "outside",
    meaning: "the host of edge functions has no such project, or does not show it",
  },
  "functions.not-found": { kind: "outside", meaning: "an edge function is not there any more" },
  "functions.unreadable": {
    kind: "outside",
    meaning: "the sources of a live edge function could not be had back, so that it could not be put back",
  },
  "functions.moved": {
    kind: "outside",
    meaning: "somebody else deployed an edge function while a run was at work on it",
  },

  "forge.unreachable": {
    kind: "outside",
    meaning:
      "the forge (GitHub) did not answer, answered with an error of its own, or with what is no answer",
  },
  "forge.rate-limited": {
    kind: "outside",
    meaning: "the forge asked to wait for longer than is waited",
  },
  "forge.denied": {
    kind: "outside",
    meaning: "the forge refused the token, or what the token is not allowed to do",
  },
  "forge.refused": {
    kind: "outside",
    meaning: "the forge understood what it was to write and did not take it",
  },
  "forge.unconfirmed": {
    kind: "outside",
    meaning: "the forge took what was written, and does not show it afterwards",
  },
  "forge.untold": {
    kind: "outside",
    meaning: "the forge did not tell, or not show this token, what the verdict hangs on",
  },

  "slots.unreachable": {
    kind: "outside",
    meaning: "Azure App Service did not answer, or answered with what is no answer",
  },
  "slots.denied": { kind: "outside", meaning: "Azure refused the identity, or what it may not do" },
  "slots.blocked": {
    kind: "outside",
    meaning: "access restrictions of the app, or of its deployment service, keep this machine out",
  },
  "slots.missing": { kind: "outside", meaning: "Azure says that the app, or the slot, does not exist" },
  "slots.timeout": { kind: "outside", meaning: "Azure App Service did not do something in its time" },
  "slots.busy": { kind: "locked", meaning: "another operation is changing the app at this moment" },
  "slots.locked": { kind: "locked", meaning: "a swap is prepared, which locks both of its slots" },
  "slots.full": { kind: "outside", meaning: "the plan of the app has no room for another slot" },
  "slots.refused": {
    kind: "outside",
    meaning: "Azure App Service understood what it was to do, and did not do it",
  },
  "deployment.failed": { kind: "outside", meaning: "a package was taken, and its deployment failed" },
  "package.unusable": { kind: "input", meaning: "what is to be deployed is neither a zip nor a folder" },

  "sandbox.port": { kind: "outside", meaning: "the sandbox could not listen on the port it was given" },

  "advisories.untold": {
    kind: "outside",
    meaning: "the registry could not be asked for known vulnerabilities, which is not knowing of none",
  },

  "lock.held": { kind: "locked", meaning: "another run works on the same source and tier" },
  "lock.lost": {
    kind: "locked",
    meaning: "somebody else took over this run's lock, or removed it",
  },

  "refused.unencrypted": { kind: "refused", meaning: "an unencrypted backup was not explicitly allowed" },
  "refused.outside-scope": {
    kind: "refused",
    meaning:
      "a restore would destroy objects of schemas that are not in the backup, or put rows into tables " +
      "that it does not empty",
  },
  "refused.misfit": {
    kind: "refused",
    meaning:
      "a project as it stands does not take a backup: rows would collide or lose values, or the role may " +
      "not make something",
  },
  "refused.unsafe": {
    kind: "refused",
    meaning:
      "migrations were neither applied nor taken back: a file is broken, was changed after it was applied, " +
      "comes before applied ones, or has no rollback that is proved",
  },
  "refused.schema": {
    kind: "refused",
    meaning: "a release was not put on a schema of the database that it is not known to run on",
  },
  "refused.unconfirmed": { kind: "refused", meaning: "a destructive step was not confirmed by name" },

  "rollback.incomplete": {
    kind: "outside",
    meaning: "a part of a rollback did not go through: what stands where is told",
  },

  "run.cancelled": { kind: "outside", meaning: "the run was cancelled from outside" },
} as const satisfies Record<string, { kind: ErrorKind; meaning: string }>;

/** A code out of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/**
 * An operating failure: something outside, or an input, stopped the work.
 *
 * `message` is lower case and names what failed and with what value; `hint` is one full sentence saying what
 * to do next. Neither may ever hold a secret.
 */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** Nobody knows whether what was asked for was done: its answer was lost. */
  readonly outcomeUnknown: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string | undefined; cause?: unknown; outcomeUnknown?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "HoldfastError";
    this.code = code;
    this.hint = options.hint;
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code].kind;
  }

  get exitCode(): ExitCode {
    return EXIT[this.kind];
  }
}

/** True when `error` is a {@link HoldfastError}, optionally with one of the given codes. */
export function isHoldfastError(error: unknown, ...codes: ErrorCode[]): error is HoldfastError {
  return error instanceof HoldfastError && (codes.length === 0 || codes.includes(error.code));
}

/** Of an error and its causes the first that says that something may have been done all the same. */
export function unknownOutcome(error: unknown): HoldfastError | undefined {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    if (at instanceof HoldfastError && at.outcomeUnknown) return at;
    seen.add(at);
  }
  return undefined;
}

/**
 * The same error, whose hint says more: what was made before it, or what else helps. Anything else, a bug, is
 * as it was.
 */
export function withHint(error: HoldfastError, more: string): HoldfastError;
export function withHint(error: unknown, more: string): unknown;
export function withHint(error: unknown, more: string): unknown {
  if (!(error instanceof HoldfastError)) return error;
  return new HoldfastError(error.code, error.message, {
    hint: `${error.hint ?? ""} ${more}`.trim(),
    cause: error,
    outcomeUnknown: error.outcomeUnknown,
  });
}
