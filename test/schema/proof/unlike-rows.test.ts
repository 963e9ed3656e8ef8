import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Chain } from "../../../src/schema/proof/chain.ts";
import { provePair } from "../../../src/schema/proof/prove-pair.ts";
import type { PairProof } from "../../../src/schema/proof/verdict.ts";
import { givenShadow, type Shadow } from "../../../src/schema/shadow/shadow.ts";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { sharedServer } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { script } from "./matrix/lab.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** Each pair is taken back, so that one database serves all. */
const SETUP = `
  CREATE SCHEMA app;
  CREATE TABLE app.p (id int PRIMARY KEY, email varchar(255) UNIQUE);
  CREATE TABLE app.one (id int PRIMARY KEY REFERENCES app.p, a text NOT NULL, b text NOT NULL);
  CREATE TABLE app.t (id int PRIMARY KEY, a text NOT NULL, b text NOT NULL, x boolean NOT NULL,
                      y boolean NOT NULL, pos int NOT NULL UNIQUE, bill int NOT NULL REFERENCES app.p,
                      ship int NOT NULL REFERENCES app.p, made timestamptz NOT NULL,
                      seen timestamptz NOT NULL);
  CREATE TABLE app.touched (id int PRIMARY KEY, name text, expires_at timestamptz, updated_at timestamptz);
  CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.updated_at = now(); RETURN NEW; END $$;
  CREATE TRIGGER touch BEFORE UPDATE ON app.touched FOR EACH ROW EXECUTE FUNCTION app.touch();
`;

let shadow: Shadow;
let chain: Chain;

beforeAll(async () => {
  shadow = await givenShadow(postgresDatabase(sharedServer().address("postgres", "postgres")), testPorts());
  chain = await Chain.open(shadow, SETUP);
});

afterAll(async () => {
  await chain[Symbol.asyncDispose]();
  await shadow[Symbol.asyncDispose]();
});

async function prove(forward: string, rollback = "SELECT 1"): Promise<PairProof> {
  const pair = { forward: await script(forward), rollback: await script(rollback, "1_pair_rollback.sql") };
  return (await provePair(chain, pair, () => performance.now())).proof;
}

const told = ({ verdict, differences }: PairProof): unknown => [
  verdict,
  ...differences.map(({ object }) => object),
];

const refilled = (column: string, type: string, from: string): readonly [string, string] => [
  `ALTER TABLE app.t DROP ${column}`,
  `ALTER TABLE app.t ADD ${column} ${type}; UPDATE app.t SET ${column} = ${from};
   ALTER TABLE app.t ALTER ${column} SET NOT NULL`,
];

describe("columns of one type are told apart", () => {
  it.each(
    casesInTurn(
      "columns told apart",
      [
        ["copied", "UPDATE app.t SET b = a", "SELECT 1", "column app.t.b"],
        [
          "exchanged by the rollback",
          "ALTER TABLE app.one RENAME a TO x; ALTER TABLE app.one RENAME b TO y",
          "ALTER TABLE app.one RENAME x TO b; ALTER TABLE app.one RENAME y TO a",
          "column app.one.a",
        ],
        // As many of its rows have the one value as before.
        ["that have two values", "UPDATE app.t SET y = x", "SELECT 1", "table app.t"],
        ["that point at one table", "UPDATE app.t SET ship = bill", "SELECT 1", "column app.t.ship"],
        [
          "of which one is the later one",
          "UPDATE app.t SET seen = made WHERE seen < made",
          "SELECT 1",
          "column app.t.seen",
        ],
        ["made anew from another one", ...refilled("seen", "timestamptz", "made"), "column app.t.seen"],
        [
          "made anew from the key",
          ...refilled("pos", "int", "id; ALTER TABLE app.t ADD UNIQUE (pos)"),
          "column app.t.pos",
        ],
        [
          "that are keys of mixed case",
          "UPDATE app.p SET email = lower(email)",
          "SELECT 1",
          "column app.p.email",
        ],
      ],
      { every: 2 },
    ),
  )("%s", async (_, forward, rollback, object) => {
    const { verdict, differences } = await prove(forward, rollback);
    expect([verdict, differences.map((each) => each.object)]).toEqual([
      "loses-data",
      expect.arrayContaining([object]),
    ]);
  });

  it("and a pair that keeps them apart is proved", async () => {
    const proof = await prove(
      "ALTER TABLE app.one ADD x text, ADD y text; UPDATE app.one SET x = a, y = b",
      "UPDATE app.one SET a = x, b = y; ALTER TABLE app.one DROP x, DROP y",
    );
    expect([told(proof), proof.notes]).toEqual([["proved"], []]);
  });
});

describe("a moment that a trigger sets", () => {
  it("is a note, where the pair changes rows for another reason", async () => {
    const proof = await prove(
      "ALTER TABLE app.touched ADD slug text; UPDATE app.touched SET slug = lower(name)",
      "ALTER TABLE app.touched DROP slug",
    );
    expect([told(proof), proof.notes]).toEqual([
      ["proved"],
      [expect.stringMatching(/^column app\.touched\.updated_at: a trigger sets it/)],
    ]);
  });

  it("hides no other one that the pair sets", async () => {
    const proof = await prove("UPDATE app.touched SET expires_at = now()");
    expect(told(proof)).toEqual(["loses-data", "column app.touched.expires_at"]);
  });
});
