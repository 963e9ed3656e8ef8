import { HoldfastError } from "../../../kernel/errors.ts";
import { parseDatabaseUrl } from "../../../postgres/database-url.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { Part } from "../../copy/artifacts/artifact-set.ts";
import { Catalog } from "../../../nouns/catalog/catalog.ts";
import type { CatalogTier } from "../../../nouns/catalog/manifest.ts";
import { parseSelection, type Selection } from "../../../nouns/catalog/selection.ts";
import type { Database } from "../../../ports/database.ts";
import type { RestorePorts } from "./ports.ts";
import { parseIdentities, parseRecipient } from "../../../nouns/seal/age.ts";
import { parseTableName, type TableName } from "./table-name.ts";

/** The parsed inputs of `holdfast restore`; durations in milliseconds. */
export interface RestoreInputs {
  readonly store: string;
  readonly storeSecret: Secret | undefined;
  readonly backup: string;
  readonly before: Date | undefined;
  readonly source: string | undefined;
  readonly tier: CatalogTier | undefined;
  readonly target: Secret;
  readonly identity: Secret | undefined;
  readonly what: Part;
  readonly tables: readonly string[];
  readonly mode: "auto" | "in-place" | "beside";
  readonly into: "auto" | "project" | "database";
  readonly withSessions: boolean;
  readonly confirm: string | undefined;
  readonly safetyBackup: boolean;
  readonly recipients: readonly string[];
  readonly allowUnencrypted: boolean;
  readonly allowGaps: boolean;
  readonly allowEmptyViews: boolean;
  readonly noOwner: boolean;
  readonly noPrivileges: boolean;
  readonly createRoles: boolean;
  readonly jobs: number;
  readonly snapshotLimit: number;
  readonly installClient: boolean;
  readonly dryRun: boolean;
}

/** What is to be restored, where to and how; checked, not yet asked. */
export interface RestoreRequest {
  readonly catalog: Catalog;
  readonly selection: Selection;
  readonly source: string | undefined;
  readonly tier: CatalogTier | undefined;
  readonly target: Database;
  readonly identities: readonly string[];
  readonly part: Part;
  /** Empty: all. */
  readonly tables: readonly TableName[];
  readonly mode: RestoreInputs["mode"];
  readonly into: RestoreInputs["into"];
  /** Into a project: rows of who is signed in come back too. */
  readonly withSessions: boolean;
  readonly confirm: string | undefined;
  readonly safetyBackup: boolean;
  /** Further public keys for the safety backup. */
  readonly recipients: readonly string[];
  readonly allowUnencrypted: boolean;
  readonly allowGaps: boolean;
  readonly noOwner: boolean;
  readonly noPrivileges: boolean;
  readonly createRoles: boolean;
  /**
   * Materialized views that cannot be refreshed do not count against a copy: everything else in it is right.
   */
  readonly allowEmptyViews: boolean;
  readonly jobs: number;
  readonly snapshotLimitMs: number;
  readonly installClient: boolean;
}

/** A project is neither exchanged nor emptied, and comes back whole. */
function requireProject({ mode, what }: RestoreInputs, tables: readonly TableName[]): void {
  if (mode !== "auto") {
    throw new HoldfastError("input.conflict", `into is project, and mode is ${mode}`, {
      hint: "Leave --mode out: a restore into a project has its own way; or use --into database.",
    });
  }
  if (what === "whole" && tables.length === 0) return;
  throw new HoldfastError("input.conflict", "into is project, and only a part is to be restored", {
    hint: "Leave --what and --tables out, or use --into database to restore that part.",
  });
}

export async function parseRestoreRequest(
  inputs: RestoreInputs,
  ports: RestorePorts,
): Promise<RestoreRequest> {
  const target = parseDatabaseUrl(inputs.target.reveal(), "target");
  const tables = inputs.tables.map(parseTableName);
  if (tables.length > 0 && inputs.what === "schema") {
    throw new HoldfastError("input.conflict", "tables are named, and what is schema", {
      hint: "Use --what whole or --what data with --tables.",
    });
  }
  if (inputs.mode === "beside" && (tables.length > 0 || inputs.what !== "whole")) {
    throw new HoldfastError(
      "input.conflict",
      "mode beside replaces a whole database, but only a part is to be restored",
      { hint: "Use --mode in-place, or restore the whole backup." },
    );
  }
  if (inputs.into === "project") requireProject(inputs, tables);
  const selection = parseSelection(inputs.backup, ["id", "latest", "latest-verified"]);
  if (inputs.before && selection.by === "id") {
    throw new HoldfastError("input.conflict", `before is given, and backup is '${inputs.backup}'`, {
      hint:
        "Use --before alone, which takes the newest backup up to that time, or with --backup " +
        "latest-verified, which takes the newest proved one.",
    });
  }
  return {
    catalog: new Catalog(await ports.openStore(inputs.store, inputs.storeSecret)),
    selection: upTo(inputs.before, selection),
    source: inputs.source,
    tier: inputs.tier,
    target: await ports.openDatabase(target),
    identities: inputs.identity ? await parseIdentities(inputs.identity.reveal()) : [],
    part: inputs.what,
    tables,
    mode: inputs.mode,
    into: inputs.into,
    withSessions: inputs.withSessions,
    confirm: inputs.confirm,
    safetyBackup: inputs.safetyBackup,
    recipients: await Promise.all(inputs.recipients.map(parseRecipient)),
    allowUnencrypted: inputs.allowUnencrypted,
    allowGaps: inputs.allowGaps,
    allowEmptyViews: inputs.allowEmptyViews,
    noOwner: inputs.noOwner,
    noPrivileges: inputs.noPrivileges,
    createRoles: inputs.createRoles,
    jobs: inputs.jobs,
    snapshotLimitMs: inputs.snapshotLimit,
    installClient: inputs.installClient,
  };
}

/** The newest that is chosen, of those up to a time where one is given. */
function upTo(before: Date | undefined, selection: Selection): Selection {
  if (before === undefined) return selection;
  return selection.by === "latest-verified" ? { by: "latest-verified", before } : { by: "before", before };
}
