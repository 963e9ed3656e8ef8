import { existsSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { runBackup } from "../../src/backups/backup/run.ts";
import type { BackupInputs } from "../../src/backups/backup/request.ts";
import { takeSafetyBackup } from "../../src/backups/backup/safety.ts";
import { Catalog } from "../../src/nouns/catalog/catalog.ts";
import type { Manifest } from "../../src/nouns/catalog/manifest.ts";
import { HoldfastError, type ErrorCode } from "../../src/kernel/errors.ts";
import type { Json, Outcome } from "../../src/kernel/outcome.ts";
import { runList } from "../../src/backups/list/run.ts";
import { runRestore } from "../../src/backups/restore/run.ts";
import type { RestoreInputs } from "../../src/backups/restore/request/request.ts";
import { runValidate } from "../../src/backups/validate/run.ts";
import type { ValidateInputs } from "../../src/backups/validate/request.ts";
import { secret, testPorts, type TestPorts, type TestPortsOptions } from "./test-ports.ts";
import { temporaryFolder } from "./tools.ts";

/** Inputs as a person gives them: secrets as text. */
type Plain<Inputs> = { -readonly [Name in keyof Inputs]?: Inputs[Name] };
export type BackupChoice = Plain<Omit<BackupInputs, "database">>;
export type ValidateChoice = Plain<Omit<ValidateInputs, "scratch" | "identity">> & {
  scratch?: string;
  identity?: string | null;
};
export type RestoreChoice = Plain<Omit<RestoreInputs, "target" | "identity">> & { identity?: string | null };

/**
 * A new folder as the store, a key of its own, and the commands with the defaults people get, run in this
 * process against real parts.
 */
export class Vault implements AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  readonly identity: string;
  readonly recipient: string;

  private constructor(folder: string, identity: string, recipient: string) {
    this.folder = folder;
    this.url = `file://${folder}/store`;
    this.identity = identity;
    this.recipient = recipient;
  }

  static async make(): Promise<Vault> {
    const identity = await generateX25519Identity();
    return new Vault(temporaryFolder("vault"), identity, await identityToRecipient(identity));
  }

  backup(
    database: string,
    choice: BackupChoice = {},
    ports: TestPorts | TestPortsOptions = {},
  ): Promise<Outcome> {
    const inputs: BackupInputs = {
      database: secret(database),
      store: this.url,
      storeSecret: undefined,
      source: "shop",
      tier: "tier2",
      kinds: [],
      recipients: [this.recipient],
      allowUnencrypted: false,
      proof: "content",
      schemas: [],
      excludeSchemas: [],
      jobs: 2,
      compressionLevel: 3,
      accessTier: undefined,
      lockWait: 60_000,
      snapshotLimit: 3_600_000,
      installClient: false,
      dryRun: false,
      ...choice,
    };
    return runBackup(inputs, portsOf(ports));
  }

  validate(
    { scratch, identity, ...choice }: ValidateChoice = {},
    ports: TestPorts | TestPortsOptions = {},
  ): Promise<Outcome> {
    const inputs: ValidateInputs = {
      store: this.url,
      storeSecret: undefined,
      backup: "latest",
      since: undefined,
      source: undefined,
      tier: undefined,
      depth: undefined,
      scratch: scratch === undefined ? undefined : secret(scratch),
      identity: identity === null ? undefined : secret(identity ?? this.identity),
      jobs: 1,
      acceptGaps: [],
      installClient: false,
      dryRun: false,
      ...choice,
    };
    return runValidate(inputs, portsOf(ports));
  }

  restore(
    target: string,
    { identity, ...choice }: RestoreChoice = {},
    options: TestPorts | TestPortsOptions = {},
  ): Promise<Outcome> {
    const ports = portsOf(options);
    const inputs: RestoreInputs = {
      store: this.url,
      storeSecret: undefined,
      backup: "latest",
      before: undefined,
      source: undefined,
      tier: undefined,
      target: secret(target),
      identity: identity === null ? undefined : secret(identity ?? this.identity),
      what: "whole",
      tables: [],
      mode: "auto",
      into: "auto",
      withSessions: false,
      confirm: undefined,
      safetyBackup: true,
      recipients: [],
      allowUnencrypted: false,
      allowGaps: false,
      allowEmptyViews: false,
      noOwner: false,
      noPrivileges: false,
      createRoles: false,
      jobs: 1,
      snapshotLimit: 3_600_000,
      installClient: false,
      dryRun: false,
      ...choice,
    };
    return runRestore(inputs, ports, ({ request, safetyRecipients }) =>
      takeSafetyBackup(
        {
          database: request.target,
          store: request.catalog.store,
          jobs: request.jobs,
          snapshotLimitMs: request.snapshotLimitMs,
          recipients: safetyRecipients,
        },
        ports,
      ),
    );
  }

  list(
    choice: { source?: string; tier?: "tier1" | "tier2" | "tier3" | "tier4" | "safety" } = {},
    ports: TestPorts | TestPortsOptions = {},
  ): Promise<Outcome> {
    return runList(
      { store: this.url, storeSecret: undefined, source: choice.source, tier: choice.tier },
      portsOf(ports),
    );
  }

  /** Paths of everything in the store, also what the store itself hides; sorted. */
  files(below = ""): string[] {
    const root = join(this.folder, "store");
    if (!existsSync(root)) return [];
    const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return found
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((path) => path.startsWith(below))
      .sort();
  }

  /** Where a blob's bytes lie on the disk. */
  path(blob: string): string {
    return join(this.folder, "store", blob);
  }

  async manifest(id: string): Promise<Manifest> {
    const catalog = new Catalog(await testPorts().openStore(this.url, undefined));
    const key = (await catalog.keys()).find((one) => one.id === id);
    if (key === undefined) throw new Error(`the store has no backup ${id}`);
    return (await catalog.read(key)).manifest;
  }

  /**
   * No manifest, no blob under `database/`, no lock: whatever was tried, the store looks as if it
   * had never been.
   */
  expectUntouched(): void {
    expect(this.files("manifests")).toEqual([]);
    expect(this.files("database")).toEqual([]);
    expect(this.files("locks")).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

function portsOf(ports: TestPorts | TestPortsOptions): TestPorts {
  return "openStore" in ports ? ports : testPorts(ports);
}

/** One output as text. */
export function output(outcome: Outcome, name: string): string {
  return String(outcome.outputs[name]);
}

/** What a report says, as one text: for looking for words in it. */
export function said({ report }: Outcome): string {
  return [
    report.headline,
    ...report.tables.flatMap((table) => table.rows.map((row) => row.join(" | "))),
    ...report.notes,
  ].join("\n");
}

/** Every finding of every validated backup. */
export function findings(
  outcome: Outcome,
): { severity: string; about: string; name: string; message: string }[] {
  const backups = outcome.outputs["backups"] as readonly { findings: readonly Json[] }[];
  return backups.flatMap((backup) => backup.findings) as unknown as {
    severity: string;
    about: string;
    name: string;
    message: string;
  }[];
}

/** What a refusal must be: its code and exit, words of its message, and a hint that fits. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly exit: number;
  readonly says: string | RegExp;
  readonly hint: RegExp;
}

/** Waits for work to be refused, and holds the refusal against what was expected. Returns the error. */
export async function expectRefusal(
  work: Promise<Outcome>,
  { code, exit, says, hint }: Refusal,
): Promise<HoldfastError> {
  const error = await work.then(
    (outcome) => {
      throw new Error(`it was not refused, but ended with ${outcome.exit}: ${said(outcome)}`);
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof HoldfastError)) throw error;
  expect({ code: error.code, exit: error.exitCode, message: error.message }).toEqual({
    code,
    exit,
    message: typeof says === "string" ? expect.stringContaining(says) : expect.stringMatching(says),
  });
  expect(error.hint).toMatch(hint);
  // A hint is a whole sentence that says what to do.
  expect(error.hint).toMatch(/^[A-Z]\S* .{10,}/s);
  return error;
}

/**
 * The dry run names what will end the restore, with its exit, and the restore ends in the same words, before
 * it makes a safety backup.
 */
export async function expectForeseen(
  vault: Vault,
  target: string,
  choice: RestoreChoice,
  refusal: Refusal,
): Promise<HoldfastError> {
  const planned = await vault.restore(target, { ...choice, dryRun: true });
  const rows = planned.report.tables[0]!.rows.filter(([what]) => what === "would refuse").map(([, why]) =>
    String(why),
  );
  expect({ good: planned.report.good, exit: planned.exit }).toEqual({ good: false, exit: refusal.exit });
  const before = vault.files("manifests");
  const error = await expectRefusal(vault.restore(target, choice), refusal);
  expect(rows).toContain(`${error.message}. ${error.hint}`);
  expect(vault.files("manifests")).toEqual(before);
  return error;
}
