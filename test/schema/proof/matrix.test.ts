import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { sampled } from "../../support/sampling.ts";
import { BROKEN, SOUND } from "./matrix/all.ts";
import { Lab } from "./matrix/lab.ts";
import { sound, type MatrixCase } from "./matrix/matrix-case.ts";

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

/** Of each verdict; the nightly run tries all. */
const SOME = { every: 8, kind: ({ verdict }: MatrixCase): string => verdict };

/** Those that a server of this major understands. */
function on(major: number, cases: readonly MatrixCase[]): readonly MatrixCase[] {
  return cases.filter(({ since }) => since === undefined || since <= major);
}

// The shared installation is 15 or newer; what only newer ones understand is tried in matrix-servers.test.ts.
describe("pairs that break one thing", () => {
  it.each(sampled("pairs that break one thing", on(15, BROKEN), SOME))("$verdict: $name", async (pair) => {
    const { proof } = await lab.prove(pair);
    expect({ verdict: proof.verdict, objects: proof.differences.map(({ object }) => object) }).toEqual({
      verdict: pair.verdict,
      objects: pair.objects,
    });
  });
});

describe("pairs that put everything back", () => {
  it.each(sampled("pairs that put everything back", on(15, SOUND), { every: 8 }))("$name", async (pair) => {
    const { proof } = await lab.prove(pair);
    expect({ verdict: proof.verdict, differences: proof.differences }).toEqual({
      verdict: "proved",
      differences: [],
    });
    expect(proof.notes.filter((note) => note.startsWith("no row"))).toEqual([]);
  });
});

it("charges what a function or a trigger does to a table to the statement that calls it", async () => {
  const { proof } = await lab.prove(
    sound(
      "functions",
      "SELECT app.widen(); CREATE TABLE app.z (id int); UPDATE app.secrets SET body = body; SELECT 1",
      "ALTER TABLE app.tags DROP more; ALTER TABLE app.heir DROP more; DROP TABLE app.z",
      {
        setup: `
          INSERT INTO app.secrets VALUES (1, 'a', 'b');
          CREATE FUNCTION app.widen() RETURNS void LANGUAGE sql AS 'ALTER TABLE app.tags ADD more int';
          CREATE FUNCTION app.widened() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN ALTER TABLE app.heir ADD more int; RETURN NULL; END';
          CREATE TRIGGER widens AFTER UPDATE ON app.secrets
            FOR EACH STATEMENT EXECUTE FUNCTION app.widened()
        `,
      },
    ),
  );
  expect(
    proof.forward.map(({ statement, tables }) => [
      statement,
      tables.filter(({ isNew }) => !isNew).map(({ table, blocks }) => `${table}: ${blocks}`),
    ]),
  ).toEqual([
    ["SELECT app.widen()", ["app.tags: reads and writes"]],
    ["CREATE TABLE app.z (id int)", []],
    ["UPDATE app.secrets SET body = body", ["app.heir: reads and writes"]],
  ]);
});

it("has pairs enough, each with a name of its own", () => {
  expect(BROKEN.length).toBeGreaterThanOrEqual(60);
  expect(SOUND.length).toBeGreaterThanOrEqual(60);
  expect(new Set([...BROKEN, ...SOUND].map(({ name, verdict }) => `${verdict} ${name}`)).size).toBe(
    BROKEN.length + SOUND.length,
  );
});
