import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { server, startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import type { Database } from "../../../src/ports/database.ts";
import { Vault } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * Rights are given one by one where a list of them cannot be given as a whole: what one role cannot have
 * costs no other its own.
 */

let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  vault = await Vault.make();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

const SHOP = `
  CREATE TABLE wares (id int, note text);
  INSERT INTO wares VALUES (1, 'a');
  CREATE SEQUENCE "or der";
  CREATE FUNCTION price(n int, OUT total int) LANGUAGE sql AS 'SELECT 1';
  CREATE TYPE mood AS ENUM ('a');
  CREATE SCHEMA "in side";
  GRANT SELECT, INSERT ON wares TO clerk;
  GRANT SELECT ON wares TO gone;
  GRANT UPDATE (note) ON wares TO gone, clerk;
  GRANT ALL ON wares TO "go ""ne"" 2" WITH GRANT OPTION;
  GRANT USAGE ON SEQUENCE "or der" TO gone;
  REVOKE EXECUTE ON FUNCTION price FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION price TO gone, clerk;
  GRANT USAGE ON TYPE mood TO gone;
  GRANT USAGE ON SCHEMA "in side" TO gone, clerk;
  GRANT USAGE ON SCHEMA public TO gone;
  GRANT CREATE ON SCHEMA public TO clerk;
  ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO gone, clerk;
  ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO gone;
`;

const CLERK = `
  SELECT has_table_privilege('clerk', 'wares', 'INSERT') AS inserts,
         has_column_privilege('clerk', 'wares', 'note', 'UPDATE') AS updates,
         has_function_privilege('clerk', 'price(int)', 'EXECUTE') AS prices,
         has_function_privilege('public', 'price(int)', 'EXECUTE') AS everybody,
         has_schema_privilege('clerk', 'in side', 'USAGE') AS inside,
         has_schema_privilege('clerk', 'public', 'CREATE') AS makes,
         (SELECT count(*)::int FROM pg_default_acl) AS defaults
`;
const MISSING = 'could not be given to gone: role "gone" does not exist (SQLSTATE 42704)';
const OF_THE_GONE = [
  'role go "ne" 2 does not exist here, so its ownership and rights could not be proved',
  "role gone does not exist here, so its ownership and rights could not be proved",
  `grant schema "in side" USAGE ${MISSING}`,
  `grant schema public USAGE ${MISSING}`,
  `grant type public.mood USAGE ${MISSING}`,
  `grant function public.price(n integer, OUT total integer) EXECUTE ${MISSING}`,
  `grant sequence public."or der" USAGE ${MISSING}`,
  `grant table public.wares SELECT ${MISSING}`,
  "grant table public.wares SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER WITH GRANT " +
    'OPTION could not be given to go "ne" 2: role "go "ne" 2" does not exist (SQLSTATE 42704)',
  `grant column public.wares.note UPDATE (note) ${MISSING}`,
  `default-privilege holdfast in public for r SELECT ${MISSING}`,
  `default-privilege holdfast for S USAGE ${MISSING}`,
];

/** What was found, differences among it. */
function gapsOf(outcome: Awaited<ReturnType<Vault["restore"]>>): string[] {
  const found = outcome.outputs["findings"] as unknown as readonly {
    severity: string;
    about: string;
    name: string;
    message: string;
  }[];
  return found.map(
    ({ severity, about, name, message }) =>
      `${severity === "gap" ? "" : `${severity}: `}${about} ${name} ${message}`,
  );
}
const ALL_OF_CLERK = [
  { inserts: true, updates: true, prices: true, everybody: false, inside: true, makes: true, defaults: 1 },
];

describe("rights of a role that the target lacks", () => {
  let source: TestDatabase;

  beforeAll(async () => {
    await cluster.admin(`CREATE ROLE clerk; CREATE ROLE gone; CREATE ROLE "go ""ne"" 2"`);
    source = await cluster.createDatabase({ sql: SHOP });
    expect((await vault.backup(source.url, { source: "shop" })).exit).toBe(0);
    await source.drop();
    await cluster.admin(`DROP ROLE gone; DROP ROLE "go ""ne"" 2"`);
  });

  it.each(casesInTurn("rights of lacking roles by mode", ["in-place", "beside"] as const, { every: 2 }))(
    "are gaps by name, and cost nobody else his: %s",
    async (mode) => {
      await using target = await cluster.createDatabase({ sql: "CREATE TABLE old (a int)" });
      const restored = await vault.restore(target.url, {
        source: "shop",
        mode,
        confirm: target.name,
        safetyBackup: false,
      });
      expect({ exit: restored.exit, gaps: gapsOf(restored) }).toEqual({ exit: 3, gaps: OF_THE_GONE });
      expect(await target.query(CLERK)).toEqual(ALL_OF_CLERK);
    },
  );

  it("and what else differs on the same list stays a difference", async () => {
    await using target = await cluster.createDatabase();
    // Between the restore and the comparison.
    const database = (real: Database): Database => ({
      address: real.address,
      connect: async (options) => {
        if (options.purpose === "compare") await target.query("GRANT TRUNCATE ON wares TO clerk");
        return await real.connect(options);
      },
    });
    const restored = await vault.restore(target.url, { source: "shop", safetyBackup: false }, { database });
    expect({ exit: restored.exit, gaps: gapsOf(restored) }).toEqual({
      exit: 5,
      gaps: ["difference: grant table public.wares differs from the source in rights", ...OF_THE_GONE],
    });
  });

  it("are gaps by name of a table that is made by its name", async () => {
    await using target = await cluster.createDatabase({ sql: "CREATE TABLE other (a int)" });
    const restored = await vault.restore(target.url, {
      source: "shop",
      tables: ["public.wares"],
      confirm: target.name,
      safetyBackup: false,
    });
    expect({ exit: restored.exit, gaps: gapsOf(restored) }).toEqual({
      exit: 3,
      gaps: OF_THE_GONE.filter((gap) => /^(?:grant (?:table|column)|role) /.test(gap)),
    });
    expect(
      await target.query(`
        SELECT has_table_privilege('clerk', 'wares', 'INSERT') AS inserts,
               has_column_privilege('clerk', 'wares', 'note', 'UPDATE') AS updates
      `),
    ).toEqual([{ inserts: true, updates: true }]);
  });
});

/**
 * pg_dump names an aggregate in its rights by the types of its arguments, the server with their names,
 * VARIADIC and ORDER BY.
 */
const AGGREGATES = `
  CREATE SCHEMA "in side";
  CREATE TYPE "in side"."mo od" AS ENUM ('a');
  CREATE FUNCTION step(int, VARIADIC "in side"."mo od"[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE AGGREGATE cnt(n int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
  CREATE AGGREGATE "in side"."c nt"(VARIADIC moods "in side"."mo od"[]) (
    SFUNC = step, STYPE = int, INITCOND = '0');
  CREATE FUNCTION last_of(int, float8) RETURNS int LANGUAGE sql AS 'SELECT $1';
  CREATE AGGREGATE pct(float8 ORDER BY int) (
    SFUNC = int4pl, STYPE = int, INITCOND = '0', FINALFUNC = last_of);
  CREATE AGGREGATE every_row(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
  CREATE FUNCTION cnt(n text) RETURNS int LANGUAGE sql AS 'SELECT 1';
`;
const ROUTINES = [
  `cnt(int)`,
  `"in side"."c nt"("in side"."mo od"[])`,
  `pct(float8, int)`,
  `every_row()`,
  `cnt(text)`,
];

/** Each alone on its list: the copy's has nothing on it at all. */
const LONELY = `
  CREATE TABLE wares (id int, note text);
  CREATE TABLE parted (id int) PARTITION BY LIST (id);
  CREATE VIEW "V w" AS SELECT 1 AS "a b";
  CREATE SEQUENCE numbers;
  CREATE MATERIALIZED VIEW held AS SELECT 1 AS a;
  CREATE PROCEDURE proc(INOUT x int, VARIADIC y int[]) LANGUAGE sql AS 'SELECT 1';
  SELECT lo_create(4711);
  GRANT UPDATE (note) ON wares TO gone;
  GRANT SELECT (id) ON parted TO gone;
  GRANT SELECT ("a b") ON "V w" TO gone;
  GRANT SELECT (last_value) ON numbers TO gone;
  GRANT SELECT (a) ON held TO gone;
  GRANT EXECUTE ON PROCEDURE proc TO gone;
  GRANT SELECT ON LARGE OBJECT 4711 TO gone;
`;

describe("the only right on a list, of a role that the target lacks", () => {
  beforeAll(async () => {
    await cluster.admin("CREATE ROLE gone");
    await using source = await cluster.createDatabase({ sql: LONELY });
    expect((await vault.backup(source.url, { source: "lonely" })).exit).toBe(0);
    await source.drop();
    await cluster.admin("DROP ROLE gone");
  });

  it.each(casesInTurn("only rights of lacking roles by mode", ["in-place", "beside"] as const, { every: 2 }))(
    "is a gap, and no difference: %s",
    async (mode) => {
      await using target = await cluster.createDatabase({ sql: "CREATE TABLE old (a int)" });
      const restored = await vault.restore(target.url, {
        source: "lonely",
        mode,
        confirm: target.name,
        safetyBackup: false,
      });
      expect({ exit: restored.exit, gaps: gapsOf(restored).toSorted() }).toEqual({
        exit: 3,
        gaps: [
          `grant column public."V w"."a b" SELECT (a b) ${MISSING}`,
          `grant column public.held.a SELECT (a) ${MISSING}`,
          `grant column public.numbers.last_value SELECT (last_value) ${MISSING}`,
          `grant column public.parted.id SELECT (id) ${MISSING}`,
          `grant column public.wares.note UPDATE (note) ${MISSING}`,
          `grant function public.proc(INOUT x integer, VARIADIC y integer[]) EXECUTE ${MISSING}`,
          `grant large object 4711 SELECT ${MISSING}`,
          "role gone does not exist here, so its ownership and rights could not be proved",
        ],
      });
    },
  );
});

describe("what future objects give to a role that the target lacks", () => {
  const classes = [
    ["r", "SELECT ON TABLES"],
    ["S", "USAGE ON SEQUENCES"],
    ["f", "EXECUTE ON FUNCTIONS"],
    ["T", "USAGE ON TYPES"],
    ["n", "USAGE ON SCHEMAS"],
  ] as const;

  it.each(
    casesInTurn(
      "classes of default rights by major",
      [
        ["15.20", classes],
        ["18.6", [...classes, ["L", "SELECT ON LARGE OBJECTS"]]],
      ] as const,
      { every: 2 },
    ),
  )("is a gap of every class that PostgreSQL %s has", async (version, has) => {
    await using own = await startCluster({ installation: await server(version) });
    const programs = { binDir: own.facts.binDir };
    await own.admin("CREATE ROLE gone");
    const inSchema = has.filter(([letter]) => letter !== "n" && letter !== "L");
    const sql = [
      ...has.map(([, right]) => `GRANT ${right}`),
      ...inSchema.map(([, right]) => `IN SCHEMA public GRANT ${right}`),
    ]
      .map((each) => `ALTER DEFAULT PRIVILEGES ${each} TO gone;`)
      .join(" ");
    await using source = await own.createDatabase({ sql: `CREATE TABLE t (a int); ${sql}` });
    expect((await vault.backup(source.url, { source: "future" }, programs)).exit).toBe(0);
    await source.drop();
    await own.admin("DROP ROLE gone");
    await using target = await own.createDatabase();
    const restored = await vault.restore(target.url, { source: "future" }, programs);
    const gap = (where: string, [letter, right]: (typeof has)[number]): string =>
      `default-privilege holdfast${where} for ${letter} ${right.split(" ")[0]} ${MISSING}`;
    expect({ exit: restored.exit, gaps: gapsOf(restored).toSorted() }).toEqual({
      exit: 3,
      gaps: [
        ...has.map((each) => gap("", each)),
        ...inSchema.map((each) => gap(" in public", each)),
        "role gone does not exist here, so its ownership and rights could not be proved",
      ].toSorted(),
    });
  });
});

describe("rights on aggregates", () => {
  const none = ROUTINES.map((routine) => `REVOKE ALL ON FUNCTION ${routine} FROM PUBLIC;`).join(" ");
  const on = (rest: string): string =>
    ROUTINES.map((routine) => `GRANT EXECUTE ON FUNCTION ${routine} ${rest};`).join(" ");

  it.each(
    casesInTurn(
      "rights on aggregates",
      [
        ["everybody may still run them", ""],
        ["nobody else may run them", none],
      ],
      { every: 2 },
    ),
  )("of a role that the target lacks are gaps: %s", async (_, revokes) => {
    await cluster.admin("CREATE ROLE gone");
    await using source = await cluster.createDatabase({ sql: `${AGGREGATES}${revokes}${on("TO gone")}` });
    expect((await vault.backup(source.url, { source: "aggregates" })).exit).toBe(0);
    await source.drop();
    await cluster.admin("DROP ROLE gone");
    await using target = await cluster.createDatabase();
    const restored = await vault.restore(target.url, { source: "aggregates" });
    expect({ exit: restored.exit, gaps: gapsOf(restored).toSorted() }).toEqual({
      exit: 3,
      gaps: [
        `grant function "in side"."c nt"("in side"."mo od"[]) EXECUTE ${MISSING}`,
        `grant function public.cnt(integer) EXECUTE ${MISSING}`,
        `grant function public.cnt(n text) EXECUTE ${MISSING}`,
        `grant function public.every_row() EXECUTE ${MISSING}`,
        `grant function public.pct(double precision, integer) EXECUTE ${MISSING}`,
        "role gone does not exist here, so its ownership and rights could not be proved",
      ],
    });
  });

  it("that somebody has passed on come back in his name", async () => {
    await cluster.admin("CREATE ROLE anna; CREATE ROLE ben; GRANT anna TO holdfast");
    await using source = await cluster.createDatabase({
      sql: `${AGGREGATES}${none}${on("TO anna WITH GRANT OPTION")} GRANT USAGE ON SCHEMA "in side" TO anna`,
    });
    await source.admin(`SET ROLE anna; ${on("TO ben")}`);
    expect((await vault.backup(source.url, { source: "aggregates" })).exit).toBe(0);
    await using target = await cluster.createDatabase();
    const restored = await vault.restore(target.url, { source: "aggregates" });
    expect({ exit: restored.exit, gaps: gapsOf(restored) }).toEqual({ exit: 0, gaps: [] });
    const grantors = `
      SELECT DISTINCT x.grantor::regrole::text AS grantor, count(*)::int AS given
        FROM pg_proc p, aclexplode(p.proacl) x
       WHERE x.grantee = 'ben'::regrole
       GROUP BY 1
    `;
    expect(await target.query(grantors)).toEqual([{ grantor: "anna", given: ROUTINES.length }]);
  });
});

describe("rights that somebody has passed on", () => {
  beforeAll(async () => {
    await cluster.admin(
      "CREATE ROLE alice; CREATE ROLE bob; CREATE ROLE zoe; CREATE ROLE carl; GRANT alice TO holdfast",
    );
    await using source = await cluster.createDatabase({
      sql: `
        CREATE TABLE wares (id int, note text);
        GRANT SELECT, UPDATE (note) ON wares TO alice, zoe WITH GRANT OPTION;
        GRANT INSERT ON wares TO clerk
      `,
    });
    await source.admin(`
      SET ROLE alice;
      GRANT SELECT, UPDATE (note) ON wares TO bob;
      SET ROLE zoe;
      GRANT SELECT ON wares TO carl WITH GRANT OPTION;
      SET ROLE carl;
      GRANT SELECT ON wares TO clerk
    `);
    expect((await vault.backup(source.url, { source: "passed" })).exit).toBe(0);
  });

  it("are given in his name where the role that restores may speak in it, else are gaps", async () => {
    await using target = await cluster.createDatabase();
    const restored = await vault.restore(target.url, { source: "passed" });
    const ofZoe =
      "could not be given to carl: it was passed on by zoe, in whose name the role " +
      "that restores may not speak";
    expect({ exit: restored.exit, gaps: gapsOf(restored) }).toEqual({
      exit: 3,
      gaps: [
        `grant table public.wares SELECT WITH GRANT OPTION ${ofZoe}`,
        "grant table public.wares SELECT could not be given to clerk: it was passed on by carl, in whose " +
          "name the role that restores may not speak",
      ],
    });
    const grantors = `
      SELECT DISTINCT x.grantor::regrole::text AS grantor, x.grantee::regrole::text AS grantee
        FROM pg_class c, aclexplode(c.relacl) x
       WHERE c.relname = 'wares' AND x.grantee <> c.relowner
       ORDER BY 2
    `;
    expect(await target.query(grantors)).toEqual([
      { grantor: "holdfast", grantee: "alice" },
      { grantor: "alice", grantee: "bob" },
      { grantor: "holdfast", grantee: "clerk" },
      { grantor: "holdfast", grantee: "zoe" },
    ]);
  });

  it("come back whole where a superuser restores", async () => {
    await using target = await cluster.createDatabase();
    const restored = await vault.restore(target.adminUrl, { source: "passed" });
    expect({ exit: restored.exit, gaps: gapsOf(restored) }).toEqual({ exit: 0, gaps: [] });
  });
});

describe("what the source gave to the role that restores", () => {
  it.each(
    casesInTurn("rights of the restoring role by mode", ["new", "beside", "in-place"] as const, { every: 3 }),
  )("is its own with --no-owner, and no difference (%s)", async (mode) => {
    const source = `no-owner-${mode}`;
    await using shop = await cluster.createDatabase({ owner: "postgres" });
    await shop.admin(`
        CREATE TABLE wares (id int, note text);
        CREATE FUNCTION price(n int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE SEQUENCE s;
        CREATE TABLE alone (a int);
        GRANT SELECT ON wares TO holdfast, clerk;
        GRANT UPDATE (note) ON wares TO holdfast;
        GRANT USAGE ON s TO holdfast WITH GRANT OPTION;
        GRANT INSERT ON alone TO holdfast;
        REVOKE EXECUTE ON FUNCTION price FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION price TO holdfast
      `);
    await vault.backup(shop.adminUrl, { source });
    await using target = await cluster.createDatabase(
      mode === "new" ? {} : { sql: "CREATE TABLE stray (a int)" },
    );
    const restored = await vault.restore(target.url, {
      source,
      noOwner: true,
      ...(mode === "new" ? {} : { mode, confirm: target.name, safetyBackup: false }),
    });
    expect([restored.exit, gapsOf(restored)]).toEqual([0, []]);
    // What somebody else lacks is still seen.
    await target.admin("REVOKE SELECT ON wares FROM clerk");
    expect(await target.admin("SELECT has_table_privilege('clerk', 'wares', 'SELECT') AS has")).toEqual([
      { has: false },
    ]);
  });
});
