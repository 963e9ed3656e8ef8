import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { join } from "node:path";
import { compareStates, isOnlyOrder } from "../../../src/schema/proof/compare-states.ts";
import { readState } from "../../../src/schema/proof/state.ts";
import type { ShadowDatabase } from "../../../src/schema/shadow/shadow.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { sampled } from "../../support/sampling.ts";
import { runOk } from "../../support/tools.ts";
import { BROKEN, SOUND } from "./matrix/all.ts";
import { Lab, scriptsOf } from "./matrix/lab.ts";

/**
 * pg_dump is the oracle: wherever the dumps of before a pair and of after its rollback differ in more than an
 * order, the states differ, and the other way round.
 */

let server: Cluster;
let lab: Lab;

beforeAll(async () => {
  server = await startCluster();
  lab = await Lab.open(server);
});

afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/**
 * What need not show in a dump of a schema: that an index is not valid, with which pg_dump leaves out most,
 * and whether a materialized view is filled.
 */
const UNDUMPED = new Set(["invalid", "unfilled"]);

/** Only pairs that go through leave two databases to compare. */
const PAIRS = [...BROKEN, ...SOUND].filter(
  ({ verdict, since }) => verdict !== "failed" && (since === undefined || since <= 15),
);

/**
 * The dump as a bag of statements: what belongs to the server as well, without what is random or only
 * said to people.
 */
async function dump(database: ShadowDatabase): Promise<readonly string[]> {
  const { binDir, host, port, superuser, adminPassword } = server.facts;
  const words = ["-h", host, "-p", String(port), "-U", superuser, "-w"];
  const env = { ...process.env, PGPASSWORD: adminPassword };
  const schema = await runOk(
    join(binDir, "pg_dump"),
    [...words, "--schema-only", "--create", "-d", database.name],
    { env },
  );
  const globals = await runOk(
    join(binDir, "pg_dumpall"),
    [...words, "--globals-only", "--no-role-passwords"],
    { env },
  );
  return `${schema}\n${globals}`
    .split("\n")
    .filter((line) => line !== "" && !/^--|^\\(?:un)?restrict /.test(line))
    .join("\n")
    .split(/;$/m)
    .map((statement) => withoutOrder(statement.trim()))
    .sort();
}

/** The order of columns is told apart, and that of storage parameters means nothing. */
function withoutOrder(statement: string): string {
  const sorted = statement.replace(
    /\bWITH \(([\w.]+='[^']*'(?:, [\w.]+='[^']*')+)\)/g,
    (_, parameters: string) => `WITH (${parameters.split(", ").sort().join(", ")})`,
  );
  if (!/^CREATE (?:UNLOGGED |FOREIGN )?TABLE /.test(sorted)) return sorted;
  const [first, ...lines] = sorted.split("\n");
  return [first, ...lines.map((line) => line.replace(/,$/, "")).sort()].join("\n");
}

it.each(sampled("pairs whose dumps are compared", PAIRS, { every: 20, kind: ({ verdict }) => verdict }))(
  "$verdict: $name",
  async (pair) => {
    await lab.with(pair, async (chain) => {
      const { forward, rollback } = await scriptsOf(pair);
      await using copy = await chain.clone();
      await using session = await copy.connect();
      const [stateBefore, dumpBefore] = [await readState(session), await dump(copy)];
      expect(await chain.runIn(copy, forward)).toBeUndefined();
      expect(await chain.runIn(copy, rollback)).toBeUndefined();
      const [stateAfter, dumpAfter] = [await readState(session), await dump(copy)];
      const lines = [
        ...dumpBefore.filter((one) => !dumpAfter.includes(one)),
        ...dumpAfter.filter((one) => !dumpBefore.includes(one)),
      ];
      const differences = compareStates(stateBefore, stateAfter).filter(
        (each) =>
          !isOnlyOrder(each) &&
          (lines.length > 0 ||
            !(each.change === "changed" && each.fields.some(({ name }) => UNDUMPED.has(name)))),
      );
      expect({
        states: differences.length > 0,
        dumps: lines.length > 0,
        lines: differences.length > 0 ? [] : lines,
      }).toEqual({ states: lines.length > 0, dumps: lines.length > 0, lines: [] });
    });
  },
);
