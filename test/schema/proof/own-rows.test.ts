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
  CREATE TABLE app.u (id int PRIMARY KEY, role text NOT NULL, kind text, n int, on_ boolean, j jsonb,
                      tags text[], at timestamptz);
  CREATE TABLE app.p (id int PRIMARY KEY, code text);
  CREATE TABLE app.settings (name text PRIMARY KEY, value text);
  CREATE TABLE app.c (id int PRIMARY KEY, p int NOT NULL REFERENCES app.p, n int);
  CREATE TABLE app.part (id int, p int NOT NULL REFERENCES app.p, PRIMARY KEY (p, id));
  CREATE VIEW app.v AS SELECT id, kind AS typ, n AS m FROM app.u;
  CREATE FUNCTION app.fix() RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN UPDATE app.u SET n = 0 WHERE kind = 'zz'; END $$;
  CREATE TABLE app.watched (id int PRIMARY KEY, kind text, n int);
  CREATE FUNCTION app.watch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF NEW.kind = 'zz' THEN NEW.n = 0; END IF; RETURN NEW; END $$;
  CREATE TRIGGER watch BEFORE UPDATE ON app.watched FOR EACH ROW EXECUTE FUNCTION app.watch();
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

describe("rows that the scripts mean are tried", () => {
  it.each(
    casesInTurn(
      "rows that scripts mean",
      [
        [
          "by the fifth branch of CASE",
          `UPDATE app.u SET n = CASE kind WHEN 'a1' THEN n WHEN 'a2' THEN n WHEN 'a3' THEN n WHEN 'a4' THEN n
       WHEN 'a5' THEN 0 ELSE n END`,
          "column app.u.n",
        ],
        [
          "by a value and NULL together",
          "DELETE FROM app.u WHERE kind IS NULL AND role = 'guest'",
          "table app.u",
        ],
        ["by a document", "UPDATE app.u SET n = 0 WHERE j -> 'a' ->> 'b' = 'zz'", "column app.u.n"],
        ["by a key that goes", "UPDATE app.u SET j = j - 'old'", "column app.u.j"],
        ["by an element", "UPDATE app.u SET tags = array_remove(tags, 'zz')", "column app.u.tags"],
        ["by a range", "DELETE FROM app.u WHERE n BETWEEN 700 AND 710", "table app.u"],
        ["by a truth", "UPDATE app.u SET n = 0 WHERE on_ IS NOT TRUE AND kind = 'q'", "column app.u.n"],
        ["by a key to another table", "UPDATE app.c SET n = 0 WHERE p = 555", "column app.c.n"],
        [
          "two of one parent",
          "DELETE FROM app.part a USING app.part b WHERE b.p = a.p AND b.id < a.id",
          "table app.part",
        ],
        [
          "two of one value",
          "DELETE FROM app.u a USING app.u b WHERE a.id > b.id AND a.role = 'zz' AND b.role = 'zz'",
          "table app.u",
        ],
        ["in a view, by another name", "UPDATE app.v SET m = 0 WHERE typ = 'zz'", "column app.u.n"],
        ["in a function of before", "SELECT app.fix()", "column app.u.n"],
        ["in a trigger of before", "UPDATE app.watched SET id = id", "column app.watched.n"],
        [
          "in a table by another name",
          "ALTER TABLE app.u RENAME TO w; UPDATE app.w SET n = 0 WHERE kind = 'zz'; " +
            "ALTER TABLE app.w RENAME TO u",
          "column app.u.n",
        ],
      ],
      { every: 2 },
    ),
  )("%s", async (_, forward, object) => {
    expect(told(await prove(forward))).toEqual(["loses-data", object]);
  });

  it("where the rollback alone means them", async () => {
    const proof = await prove(
      "CREATE TABLE app.x (id int)",
      "DROP TABLE app.x; DELETE FROM app.u WHERE kind = 'zz'",
    );
    expect(told(proof)).toEqual(["loses-data", "table app.u"]);
  });

  it("each by itself, where one of them holds the pair up", async () => {
    const proof = await prove(
      `UPDATE app.u SET n = 0 WHERE kind = 'good';
       UPDATE app.u SET n = 1 / (id - id) WHERE kind = 'bad'`,
    );
    expect(told(proof)).toEqual(["loses-data", "column app.u.n"]);
    expect(proof.notes).toContainEqual(
      expect.stringMatching(/1 of 2 kinds of rows .*\(kind = 'bad'\) was not tried/),
    );
  });

  it("and are kept where the pair keeps them", async () => {
    const proof = await prove(
      "CREATE TABLE app.k AS SELECT * FROM app.u WHERE kind = 'zz'; DELETE FROM app.u WHERE kind = 'zz'",
      "INSERT INTO app.u SELECT * FROM app.k; DROP TABLE app.k",
    );
    expect([told(proof), proof.notes]).toEqual([["proved"], []]);
  });
});

describe("rows with what the pair itself writes", () => {
  it.each([
    [
      "a rollback that deletes more than was put in",
      "INSERT INTO app.u (id, role, kind) VALUES (700, 'r', 'zz')",
      "DELETE FROM app.u WHERE kind = 'zz'",
      /\(kind = 'zz'\) is taken for its own: table app\.u: 1 of 3 rows .* are gone/,
    ],
    [
      "a key that is there already",
      "INSERT INTO app.u (id, role) VALUES (700, 'r') ON CONFLICT DO NOTHING",
      "DELETE FROM app.u WHERE id = 700",
      /\(id = '700'\) is taken for its own: table app\.u: 1 of 3 rows .* are gone/,
    ],
    [
      "values that become one",
      "UPDATE app.u SET kind = 'new' WHERE kind = 'old'",
      "UPDATE app.u SET kind = 'old' WHERE kind = 'new'",
      /\(kind = 'new'\) is taken for its own: column app\.u\.kind: values .* are others/,
    ],
    [
      "what is written over",
      "INSERT INTO app.settings VALUES ('most', '10') ON CONFLICT (name) DO UPDATE SET value = '10'",
      "DELETE FROM app.settings WHERE name = 'most'",
      /\(name = 'most'\) is taken for its own: table app\.settings: 1 of 3 rows .* are gone/,
    ],
  ])("%s is a note", async (_, forward, rollback, note) => {
    const proof = await prove(forward, rollback);
    expect(told(proof)).toEqual(["proved"]);
    expect(proof.notes).toEqual([expect.stringMatching(note)]);
  });

  it("are none where they would hold the pair up, and hide none that would not", async () => {
    const forward = "INSERT INTO app.u (id, role, kind) VALUES (700, 'r', 'zz')";
    expect((await prove(forward, "DELETE FROM app.u WHERE id = 700")).notes).toEqual([]);
    expect((await prove(forward, "DELETE FROM app.u WHERE id = 700 OR kind = 'zz'")).notes).toEqual([
      expect.stringMatching(/\(kind = 'zz'\) is taken for its own/),
    ]);
  });
});
