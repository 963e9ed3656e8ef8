import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ServerVersion } from "../../support/postgres.ts";
import { output, Vault } from "../../support/vault.ts";
import { describeOn, found, Lab } from "./lab.ts";
import { casesInTurn } from "../../support/sampling.ts";

const PATIENCE_MS = 120_000;

/** From one major version to the next. */
const NEXT_MAJOR: readonly (readonly [ServerVersion, ServerVersion])[] = [
  ["12.22", "13.23"],
  ["13.23", "14.23"],
  ["14.23", "15.20"],
  ["15.20", "16.2"],
  ["16.2", "17.10"],
  ["17.10", "18.6"],
];

/** Within one major version: what is newer may keep something in its catalog that the other does not know. */
const OTHER_MINOR: readonly (readonly [ServerVersion, ServerVersion])[] = [
  ["15.18", "15.20"],
  ["15.20", "15.18"],
  ["18.4", "18.6"],
  ["18.6", "18.4"],
];

describe("a backup of the database with one of everything", () => {
  const lab = new Lab();
  let vault: Vault;

  beforeAll(async () => {
    vault = await Vault.make();
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  /**
   * Backs up on one server, by its own client programs, proves on the other and restores into a new
   * database there.
   */
  async function carry(
    from: ServerVersion,
    to: ServerVersion,
  ): Promise<{ exits: number[]; verdict: unknown; findings: string[] }> {
    const [source, target] = [await lab.server(from), await lab.server(to)];
    await using database = await lab.everything(from, to);
    const made = await vault.backup(
      database.adminUrl,
      { source: `${from}-${to}` },
      { binDir: source.binDir },
    );
    const backup = output(made, "id");
    const scratch = target.isComplete ? {} : { scratch: target.cluster.adminUrl() };
    const proved = await vault.validate({ backup, ...scratch }, { binDir: target.binDir });
    await using fresh = await target.cluster.createDatabase({ owner: "postgres" });
    const restored = await vault.restore(
      fresh.adminUrl,
      { backup, safetyBackup: false, allowGaps: true },
      { binDir: target.binDir },
    );
    return {
      exits: [made.exit, proved.exit, restored.exit],
      verdict: restored.outputs["verdict"],
      findings: found(proved),
    };
  }

  for (const [from, to] of casesInTurn("from one major to the next", NEXT_MAJOR, { every: 3 })) {
    describeOn([from, to], `made on PostgreSQL ${from}`, () => {
      it(
        `is proved and restored on ${to}; only what majors print otherwise and extensions are gaps`,
        async () => {
          const { exits, verdict, findings } = await carry(from, to);
          const expected =
            /^gap: (database definitions could not be compared|extension \w+ is version \S+ here and was )/;
          expect(findings.filter((each) => !expected.test(each))).toEqual([]);
          expect(findings).toContainEqual(expect.stringContaining("gap: database definitions"));
          expect({ exits, verdict }).toEqual({ exits: [0, 3, 3], verdict: "gaps" });
        },
        PATIENCE_MS,
      );
    });
  }

  for (const [from, to] of casesInTurn("to another minor", OTHER_MINOR, { every: 4 })) {
    describeOn([from, to], `made on PostgreSQL ${from}`, () => {
      it(
        `is proved and restored on ${to} without any finding`,
        async () => {
          const { exits, verdict, findings } = await carry(from, to);
          expect(findings).toEqual([]);
          expect({ exits, verdict }).toEqual({ exits: [0, 0, 0], verdict: "proved" });
        },
        PATIENCE_MS,
      );
    });
  }
});
