import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { PairProof } from "../../../src/schema/proof/verdict.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { Lab } from "./matrix/lab.ts";
import { casesInTurn } from "../../support/sampling.ts";

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

async function prove(setup: string, forward: string, rollback = "SELECT 1"): Promise<PairProof> {
  const pair = { name: "", setup, forward, rollback, verdict: "proved", objects: [] } as const;
  return (await lab.prove(pair)).proof;
}

const told = ({ verdict, differences }: PairProof): unknown => ({
  verdict,
  objects: differences.map(({ object }) => object),
});
const loses = (...objects: string[]): unknown => ({ verdict: "loses-data", objects });

const FAMILY = `
  CREATE TABLE app.p (id serial PRIMARY KEY, n text);
  CREATE TABLE app.c (id serial PRIMARY KEY, p int NOT NULL REFERENCES app.p ON DELETE CASCADE, x text);
  CREATE TABLE app.g (id serial PRIMARY KEY, c int REFERENCES app.c ON DELETE SET NULL);
`;
const LEGACY = `
  CREATE TABLE app.legacy (name text PRIMARY KEY);
  CREATE TABLE app.roles (name text PRIMARY KEY, d text);
`;

describe("tables that are only read", () => {
  it.each(
    casesInTurn(
      "tables that are only read",
      [
        ["USING", "DELETE FROM app.p USING app.c WHERE c.p = p.id"],
        ["IN", "DELETE FROM app.p WHERE id IN (SELECT p FROM app.c)"],
        ["EXISTS", "DELETE FROM app.p WHERE EXISTS (SELECT FROM app.c WHERE c.p = p.id)"],
        [
          "a loop",
          `DO $$ DECLARE r record; BEGIN
         FOR r IN SELECT p FROM app.c LOOP DELETE FROM app.p WHERE id = r.p; END LOOP; END $$`,
        ],
      ],
      { every: 2 },
    ),
  )("have rows for %s to meet", async (_, forward) => {
    expect(told(await prove(FAMILY, forward))).toEqual(loses("table app.p", "table app.c", "column app.g.c"));
  });

  it("have rows that join without a foreign key", async () => {
    const setup = `
      CREATE TABLE app.site (id serial PRIMARY KEY, u text NOT NULL);
      CREATE TABLE app.ls (id serial PRIMARY KEY, site_id int NOT NULL);
    `;
    const forward = "UPDATE app.site SET u = 'x' FROM app.ls WHERE ls.site_id = site.id";
    expect(told(await prove(setup, forward))).toEqual(loses("column app.site.u"));
  });

  it("have rows where a rollback deletes what was there before", async () => {
    const proof = await prove(
      LEGACY,
      "INSERT INTO app.roles (name) SELECT name FROM app.legacy ON CONFLICT DO NOTHING",
      "DELETE FROM app.roles WHERE name IN (SELECT name FROM app.legacy)",
    );
    expect(told(proof)).toEqual(loses("table app.roles"));
  });
});

it("meets rows that have no partner in a table that is only read", async () => {
  const setup = `
    CREATE TABLE app.site (id serial PRIMARY KEY);
    CREATE TABLE app.local (site_id int PRIMARY KEY REFERENCES app.site);
    CREATE TABLE app.sums (site_id int PRIMARY KEY REFERENCES app.site);
  `;
  const forward =
    "DELETE FROM app.sums a WHERE NOT EXISTS (SELECT FROM app.local l WHERE l.site_id = a.site_id)";
  expect(told(await prove(setup, forward))).toEqual(loses("table app.sums"));
  // And where no transaction may be around it, by the text.
  const index = "CREATE INDEX CONCURRENTLY local_site ON app.local (site_id)";
  const back = "DROP INDEX CONCURRENTLY app.local_site";
  const proof = await prove(setup, `${index}; ${forward}`, back);
  expect(told(proof)).toEqual(loses("table app.sums"));
});

it("gives rows to a pair that is no transaction that are as unusual as to any other", async () => {
  const setup = "CREATE TABLE app.m (id int PRIMARY KEY, at timestamptz)";
  const forward =
    "UPDATE app.m SET at = NULL WHERE NOT isfinite(at); CREATE INDEX CONCURRENTLY m_at ON app.m (at)";
  const proof = await prove(setup, forward, "DROP INDEX CONCURRENTLY app.m_at");
  expect(told(proof)).toEqual(loses("column app.m.at"));
});

describe("tables that point at a changed one", () => {
  it("lose rows although those of the changed one come back", async () => {
    const proof = await prove(
      FAMILY,
      "CREATE TABLE app.keep AS SELECT * FROM app.p; DELETE FROM app.p",
      "INSERT INTO app.p SELECT * FROM app.keep; DROP TABLE app.keep",
    );
    expect(told(proof)).toEqual(loses("table app.c", "column app.g.c"));
  });

  it("hold the migration up, which is told, and hide no loss", async () => {
    const setup = `
      CREATE TABLE app.p (id int PRIMARY KEY, n text);
      CREATE TABLE app.c (id serial PRIMARY KEY, p int NOT NULL REFERENCES app.p);
    `;
    const proof = await prove(setup, "DELETE FROM app.p WHERE n IS NOT NULL");
    expect(told(proof)).toEqual(loses("table app.p"));
    expect(proof.failsWithRows).toMatchObject({ certain: false, beside: true });
    expect(proof.notes.join()).toMatch(/with rows in tables .*\(app\.c\).* violates foreign key/);
  });

  it("hold the rollback up, which names the table that the server names", async () => {
    const setup = `
      CREATE TABLE app.p (id int PRIMARY KEY, n text);
      CREATE TABLE app.c (id serial PRIMARY KEY, p int NOT NULL REFERENCES app.p);
    `;
    const proof = await prove(setup, "SELECT 1", "UPDATE app.p SET id = id + 1000000");
    expect(proof.verdict).toBe("loses-data");
    expect(proof.differences).toContainEqual(
      expect.objectContaining({
        object: "table app.c",
        message: expect.stringMatching(
          /with rows in its tables the rollback does not go through/,
        ) as unknown as string,
      }),
    );
  });
});

describe("NULLs", () => {
  const JOBS = "CREATE TABLE app.j (id serial PRIMARY KEY, done_at timestamptz, email text, org int)";

  it("are in rows that a migration deletes", async () => {
    expect(told(await prove(JOBS, "DELETE FROM app.j WHERE done_at IS NULL"))).toEqual(loses("table app.j"));
    expect(
      told(
        await prove(
          JOBS,
          "DELETE FROM app.j WHERE org IS NULL; ALTER TABLE app.j ALTER org SET NOT NULL",
          "ALTER TABLE app.j ALTER org DROP NOT NULL",
        ),
      ),
    ).toEqual(loses("table app.j"));
  });

  it("are told, and no loss, where a migration fills them", async () => {
    const proof = await prove(
      JOBS,
      "UPDATE app.j SET email = 'none' WHERE email IS NULL; ALTER TABLE app.j ALTER email SET NOT NULL",
      "ALTER TABLE app.j ALTER email DROP NOT NULL",
    );
    expect(told(proof)).toEqual({ verdict: "proved", objects: [] });
    expect(proof.notes).toEqual([expect.stringMatching(/^column app\.j\.email: what was NULL before/)]);
  });

  it("do not excuse what another column loses in their rows", async () => {
    expect(told(await prove(JOBS, "UPDATE app.j SET email = 'x' WHERE done_at IS NULL"))).toEqual(
      loses("column app.j.email"),
    );
  });

  it("are left out of a column that may not have them any more, which is told", async () => {
    const proof = await prove(
      JOBS,
      "ALTER TABLE app.j ALTER org SET NOT NULL",
      "ALTER TABLE app.j ALTER org DROP NOT NULL; DELETE FROM app.j WHERE done_at IS NULL",
    );
    expect(told(proof)).toEqual(loses("table app.j"));
    expect(proof.failsWithRows).toBeUndefined();
    expect(proof.notes.join()).toMatch(/NULLs in app\.j\.org was not tried/);
  });
});

describe("values that a migration compares with", () => {
  const USERS =
    "CREATE TABLE app.users (id int PRIMARY KEY, role text NOT NULL DEFAULT 'guest', n int, kind text)";

  it.each(
    casesInTurn(
      "values that scripts speak of",
      [
        ["a text", "UPDATE app.users SET role = 'member' WHERE role = 'guest'", "column app.users.role"],
        ["a number", "DELETE FROM app.users WHERE n = 42", "table app.users"],
        ["a list", "DELETE FROM app.users WHERE kind IN ('b', 'c')", "table app.users"],
        ["a pattern", "DELETE FROM app.users WHERE kind LIKE 'x-%'", "table app.users"],
        ["two together", "DELETE FROM app.users WHERE kind = 'b' AND n = 77", "table app.users"],
        ["CASE", "UPDATE app.users SET n = CASE kind WHEN 'b' THEN 5 ELSE n END", "column app.users.n"],
        [
          "a column's default",
          "DO $$ BEGIN DELETE FROM app.users WHERE role = 'guest'; END $$",
          "table app.users",
        ],
      ],
      { every: 2 },
    ),
  )("are in rows: %s", async (_, forward, object) => {
    expect(told(await prove(USERS, forward))).toEqual(loses(object));
  });

  it("are not taken for rows of before where the pair brings and takes them", async () => {
    const proof = await prove(
      USERS,
      `INSERT INTO app.users (id, role, kind) VALUES (700, 'admin', 'root');
       UPDATE app.users SET n = 5 WHERE kind = 'root'`,
      "DELETE FROM app.users WHERE kind = 'root'",
    );
    expect(told(proof)).toEqual({ verdict: "proved", objects: [] });
  });

  it("are told where no row came to have them", async () => {
    const proof = await prove(USERS, "SELECT 1;\nDELETE FROM app.users WHERE md5(kind) = 'none'");
    expect(proof.verdict).toBe("proved");
    expect(proof.notes).toEqual([expect.stringMatching(/^met no row in the trial: 1_pair\.sql:2;/)]);
  });
});

it("tells rows that a rollback leaves in a table of before", async () => {
  const proof = await prove(
    LEGACY,
    "INSERT INTO app.roles VALUES ('admin', 'x')",
    "UPDATE app.roles SET d = d",
  );
  expect(proof.notes).toEqual(["1 row more than before is left in table app.roles after the rollback"]);
});

describe("what nobody expects of a table", () => {
  const columns = Array.from({ length: 1_500 }, (_, at) => `c${at} int`).join(", ");
  const WIDE = `CREATE TABLE app.w (id int PRIMARY KEY, ${columns});`;

  it("is more columns than an answer can have: all of them are compared", async () => {
    const proof = await prove(
      WIDE,
      "ALTER TABLE app.w DROP COLUMN c1499",
      "ALTER TABLE app.w ADD COLUMN c1499 int",
    );
    expect(told(proof)).toEqual(loses("column app.w.c1499"));
  });

  it("is a key to each of eleven others, in circles: more ways through than can be walked", async () => {
    const others = (at: number): number[] => Array.from({ length: 12 }, (_, n) => n).filter((n) => n !== at);
    const all = [...others(-1)];
    const tables = all.map((at) => {
      const keys = others(at).map((n) => `k${n} int`);
      return `CREATE TABLE app.t${at} (id int PRIMARY KEY, n text, ${keys.join(", ")});`;
    });
    const keys = all.flatMap((at) =>
      others(at).map((n) => `ALTER TABLE app.t${at} ADD FOREIGN KEY (k${n}) REFERENCES app.t${n};`),
    );
    const setup = [...tables, ...keys].join("\n");
    const proof = await prove(setup, "UPDATE app.t0 SET n = upper(n)", "UPDATE app.t0 SET n = lower(n)");
    expect(told(proof)).toEqual(loses("column app.t0.n"));
    expect(told(await prove(setup, "ALTER TABLE app.t0 ADD z int", "ALTER TABLE app.t0 DROP z"))).toEqual({
      verdict: "proved",
      objects: [],
    });
  });

  it.each([
    ["groups in groups", `${"(".repeat(8_000)}a${")".repeat(8_000)}`],
    ["counts of counts", "((((a{250}){250}){250}){250})"],
    ["an expression that is never closed", "(".repeat(5_000)],
  ])("is a CHECK with %s: it ends, and the other verdicts stand", async (_, expression) => {
    // A server that takes no such expression says so when it is first asked; then the table has no rows.
    const setup = `CREATE TABLE app.v (c text CHECK (c IS NULL OR c ~ '${expression}'));`;
    const proof = await prove(setup, "ALTER TABLE app.v ADD z int", "ALTER TABLE app.v DROP z");
    expect(told(proof)).toMatchObject({ verdict: "proved" });
  });
});

describe("rows that the migration alone names, and puts back", () => {
  const USERS = `
    CREATE TABLE app.users (id int PRIMARY KEY, email text, role text NOT NULL);
  `;
  const away = (which: string): readonly [string, string] => [
    `CREATE TABLE app.bk AS SELECT * FROM app.users WHERE ${which}; DELETE FROM app.users WHERE ${which}`,
    "INSERT INTO app.users SELECT * FROM app.bk; DROP TABLE app.bk",
  ];

  it.each(
    casesInTurn(
      "what hangs on rows",
      [
        ["a value", "CASCADE", "role = 'guest'", "table app.posts"],
        ["a value", "SET NULL", "role = 'guest'", "column app.posts.by"],
        ["NULL", "CASCADE", "email IS NULL", "table app.posts"],
        ["NULL", "SET NULL", "email IS NULL", "column app.posts.by"],
      ],
      { every: 2 },
    ),
  )("by %s: what hangs on them by %s is missed", async (_, action, which, lost) => {
    const type = action === "CASCADE" ? "int NOT NULL" : "int";
    const posts = `
      CREATE TABLE app.posts (id int PRIMARY KEY, by ${type} REFERENCES app.users ON DELETE ${action},
        body text NOT NULL);
    `;
    expect(told(await prove(`${USERS}${posts}`, ...away(which)))).toEqual(loses(lost));
  });

  it("in the same table: what points at them is missed", async () => {
    const setup = `
      CREATE TABLE app.users (id int PRIMARY KEY, boss int REFERENCES app.users ON DELETE SET NULL,
        role text NOT NULL);
    `;
    expect(told(await prove(setup, ...away("role = 'guest'")))).toEqual(loses("column app.users.boss"));
  });

  it("and on which nothing hangs are all there", async () => {
    expect(told(await prove(USERS, ...away("role = 'guest'")))).toEqual({ verdict: "proved", objects: [] });
  });
});
