import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { query, startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { withQueries } from "../../support/decorators.ts";
import { expectForeseen, expectRefusal, said, Vault, type RestoreChoice } from "../../support/vault.ts";
import { testPorts, type TestPortsOptions } from "../../support/test-ports.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * Rows onto tables that live: emptied and filled in one transaction, past everything that would act on them,
 * or left as they were.
 */

/** What a person may have put around tables; the backup's rows break whatever looks at new rows only. */
const SHOP = String.raw`
  CREATE FUNCTION plus_one() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.n := NEW.n + 1; RETURN NEW; END $$;
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
  CREATE TABLE checked (id int PRIMARY KEY, n int); INSERT INTO checked VALUES (1, 5), (2, -5);
  ALTER TABLE checked ADD CONSTRAINT positive CHECK (n > 0) NOT VALID;
  COMMENT ON CONSTRAINT positive ON checked IS 'new ones only';
  CREATE TABLE fired (id int PRIMARY KEY, n int); INSERT INTO fired VALUES (1, 10), (2, 20);
  CREATE TRIGGER always_on BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION plus_one();
  ALTER TABLE fired ENABLE ALWAYS TRIGGER always_on;
  CREATE TRIGGER on_replica BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION plus_one();
  ALTER TABLE fired ENABLE REPLICA TRIGGER on_replica;
  CREATE TRIGGER off BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION refuse();
  ALTER TABLE fired DISABLE TRIGGER off;
  CREATE TRIGGER plain BEFORE TRUNCATE ON fired EXECUTE FUNCTION refuse();
  CREATE DOMAIN small AS int;
  CREATE TYPE pair AS (a small, b text);
  CREATE TABLE domained (d small, p pair, ds small[]);
  INSERT INTO domained VALUES (1000, (2000, 'x'), '{3000}');
  ALTER DOMAIN small ADD CONSTRAINT small_enough CHECK (VALUE < 100) NOT VALID;
  COMMENT ON CONSTRAINT small_enough ON DOMAIN small IS 'from now on';
  CREATE TABLE egg (id int PRIMARY KEY, hen int);
  CREATE TABLE hen (id int PRIMARY KEY, egg int REFERENCES egg, mother int REFERENCES hen ON DELETE CASCADE);
  INSERT INTO egg VALUES (1, NULL); INSERT INTO hen VALUES (1, 1, 1), (2, 1, 1); UPDATE egg SET hen = 2;
  ALTER TABLE egg ADD CONSTRAINT of_hen FOREIGN KEY (hen) REFERENCES hen DEFERRABLE INITIALLY DEFERRED;
  COMMENT ON CONSTRAINT of_hen ON egg IS 'which was first?';
  CREATE TABLE lax (egg int);
  INSERT INTO lax VALUES (99);
  ALTER TABLE lax ADD CONSTRAINT lax_egg FOREIGN KEY (egg) REFERENCES egg NOT VALID;
  CREATE TABLE parted (id int, at int, egg int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
  CREATE TABLE parted_2 (id int NOT NULL, at int NOT NULL, egg int CONSTRAINT own_name REFERENCES egg);
  ALTER TABLE parted ADD CONSTRAINT to_egg FOREIGN KEY (egg) REFERENCES egg;
  ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM (10) TO (20);
  INSERT INTO parted VALUES (1, 1, 1), (2, 12, 1);
  CREATE TRIGGER row_trigger BEFORE INSERT ON parted FOR EACH ROW EXECUTE FUNCTION refuse();
  ALTER TABLE parted_2 ENABLE ALWAYS TRIGGER row_trigger;
  CREATE TABLE base (n int, CONSTRAINT base_n CHECK (n > 0));
  CREATE TABLE heir (m int) INHERITS (base);
  ALTER TABLE base DROP CONSTRAINT base_n;
  INSERT INTO base VALUES (-1);
  INSERT INTO heir VALUES (-2, 1);
  ALTER TABLE base ADD CONSTRAINT base_n CHECK (n > 0) NOT VALID;
  CREATE TABLE secret (id int, who text);
  INSERT INTO secret VALUES (1, 'a');
  ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
  CREATE POLICY none ON secret USING (false);
  CREATE TABLE uniq (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
  INSERT INTO uniq SELECT generate_series(1, 100);
  CREATE TABLE ruled (a int);
  INSERT INTO ruled VALUES (1);
  CREATE RULE keep AS ON DELETE TO ruled DO INSTEAD NOTHING;
  CREATE TABLE nothing ();
  INSERT INTO nothing DEFAULT VALUES;
  CREATE TABLE made (a int, twice int GENERATED ALWAYS AS (a * 2) STORED, x xml);
  INSERT INTO made (a, x) VALUES (1, 'a<b/>c');
  CREATE SCHEMA "x; y"; CREATE TABLE "x; y"."COPY a.b (c) FROM stdin;
\." ("a""b" text, "
\.
" text); INSERT INTO "x; y"."COPY a.b (c) FROM stdin;
\." VALUES (E'\\.\n\\.', E'\r\n\t\\N');
  CREATE TYPE mood AS ENUM ('a', 'b', 'c');
  CREATE TABLE hashed (m mood, n int) PARTITION BY HASH (m);
  CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  INSERT INTO hashed SELECT (ARRAY['a', 'b', 'c'])[1 + g % 3]::mood, g FROM generate_series(1, 30) g;
  CREATE SEQUENCE ticket; SELECT setval('ticket', 42);
`;

/** Everything around the rows that a restore of rows must leave as it was. */
const STATE = `
  SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgname, tgenabled) AS line
    FROM pg_trigger
   WHERE NOT tgisinternal
  UNION ALL SELECT concat_ws(' ', 'internal', k.conname, g.tgrelid::regclass, g.tgfoid::regproc, g.tgenabled)
              FROM pg_trigger g JOIN pg_constraint k ON k.oid = g.tgconstraint
             WHERE g.tgisinternal AND k.confrelid NOT IN (SELECT inhrelid FROM pg_inherits)
            UNION ALL SELECT concat_ws(
                     ' ', 'constraint', conrelid::regclass, contypid::regtype, conname,
                     pg_get_constraintdef(oid), convalidated, conislocal, coninhcount,
                     obj_description(oid, 'pg_constraint'))
                        FROM pg_constraint
                      UNION ALL SELECT concat_ws(
                               ' ', 'table', oid::regclass, relrowsecurity, relforcerowsecurity)
                                  FROM pg_class
                                 WHERE relkind IN ('r', 'p')
                                   AND relnamespace NOT IN (11, 99)
                                   AND relname !~ '^pg_'
                                UNION ALL SELECT concat_ws(' ', 'event trigger', evtname, evtenabled)
                                            FROM pg_event_trigger
                                           ORDER BY 1
`;

/** Every row of every table, as text. */
const ROWS_OF =
  "SELECT coalesce(string_agg(t::text, E''\\n'' ORDER BY t::text), '''') AS rows FROM ONLY %I.%I t";
const ROWS = `
  SELECT c.oid::regclass::text AS name,
         (xpath('//text()',
                query_to_xml(format('${ROWS_OF}', n.nspname, c.relname), false, false, '')))::text AS rows
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   ORDER BY 1
`;

/** Values, views and checks that need a word of their own. */
const CORNERS = `
  CREATE TABLE numbered (id serial PRIMARY KEY, n int);
  INSERT INTO numbered (n) VALUES (4), (5);
  CREATE SEQUENCE fresh START 10;
  CREATE MATERIALIZED VIEW shares AS SELECT 20 / n AS share FROM numbered;
  CREATE TABLE root (n int);
  CREATE TABLE good () INHERITS (root);
  CREATE TABLE best () INHERITS (good);
  CREATE TABLE odd () INHERITS (root);
  INSERT INTO root VALUES (-1);
  INSERT INTO good VALUES (1);
  INSERT INTO best VALUES (2);
  INSERT INTO odd VALUES (-3);
  ALTER TABLE root ADD CONSTRAINT root_n CHECK (n > 0) NOT VALID; ALTER TABLE good VALIDATE CONSTRAINT root_n;
`;

let cluster: Cluster;
let source: TestDatabase;
let corners: TestDatabase;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  source = await cluster.createDatabase({ sql: SHOP });
  vault = await Vault.make();
  await vault.backup(source.adminUrl, { source: "shop" });
  await vault.backup(source.adminUrl, { source: "two", tier: "tier1" });
  corners = await cluster.createDatabase({ sql: CORNERS });
  await vault.backup(corners.adminUrl, { source: "corners" });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** The source once more, in every byte. */
async function copyOf(from = source): Promise<TestDatabase> {
  const database = await cluster.createDatabase();
  await database.drop();
  await cluster.admin(`CREATE DATABASE ${database.name} TEMPLATE ${from.name} OWNER holdfast`);
  return database;
}

const rowsOf = async (database: TestDatabase): Promise<unknown> => await database.admin(ROWS);
const stateOf = async (database: TestDatabase): Promise<unknown> =>
  (await database.admin(STATE)).map((row) => row["line"]);
const spoil = async (database: TestDatabase): Promise<unknown> =>
  await database.admin(`
    SET session_replication_role = replica;
    ALTER TABLE fired DISABLE TRIGGER ALL;
    DELETE FROM checked;
    UPDATE fired SET n = 0;
    DELETE FROM egg;
    INSERT INTO hen VALUES (77, 77, 77);
    DELETE FROM parted;
    DELETE FROM uniq;
    INSERT INTO hashed VALUES ('a', 99);
    ALTER TABLE fired ENABLE ALWAYS TRIGGER always_on;
    ALTER TABLE fired ENABLE REPLICA TRIGGER on_replica;
    ALTER TABLE fired ENABLE TRIGGER plain;
    SELECT setval('ticket', 7)
  `);

function choice(database: TestDatabase, more: RestoreChoice = {}): RestoreChoice {
  return { source: "shop", what: "data", confirm: database.name, safetyBackup: false, ...more };
}

describe("rows alone", () => {
  it.each([
    ["the owner", "shop", "url"],
    ["a superuser", "two", "adminUrl"],
  ] as const)(
    "as %s: come back as they were, past triggers, keys, checks and row security, which stay",
    async (_, from, url) => {
      await using database = await copyOf();
      await database.admin(`
        CREATE TABLE ddl_log (tag text);
        CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO public.ddl_log VALUES (tg_tag); END $$;
        CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION log_ddl();
        ALTER TABLE ddl_log OWNER TO holdfast
      `);
      const [rows, state] = [await rowsOf(source), await stateOf(database)];
      expect(state).toEqual(
        expect.arrayContaining([
          expect.stringContaining("own_name"),
          expect.stringContaining("which was first?"),
          expect.stringContaining("trigger parted_2 row_trigger A"),
        ]),
      );
      await spoil(database);
      await database.admin("TRUNCATE ddl_log");
      const restored = await vault.restore(database[url], choice(database, { source: from }));
      expect({ exit: restored.exit, said: said(restored) }).toMatchObject({ exit: 0 });
      expect(await stateOf(database)).toEqual(state);
      // What was logged is the owner's: only a superuser may switch event triggers.
      const logged = await database.admin("SELECT count(*)::int AS n FROM ddl_log");
      await database.admin("DROP EVENT TRIGGER audit; DROP TABLE ddl_log");
      expect(await rowsOf(database)).toEqual(rows);
      expect(await database.query("SELECT last_value::int AS n FROM ticket")).toEqual([{ n: 42 }]);
      if (url === "adminUrl") expect(logged).toEqual([{ n: 0 }]);
    },
  );

  it.each(
    casesInTurn(
      "rows refused whole",
      [
        [
          "a check the target has got since",
          "ALTER TABLE checked ADD CONSTRAINT later CHECK (n <> 5)",
          {
            code: "database.query",
            says: /filling "public"\."checked".*"later"/,
            hint: /change it, or restore the whole/,
          },
        ],
        [
          "a unique index",
          "CREATE UNIQUE INDEX one_mood ON hashed_0 (m); CREATE UNIQUE INDEX one_mood_1 ON hashed_1 (m)",
          {
            code: "database.query",
            says: /filling "public"\."hashed".*one_mood/,
            hint: /^Two rows of the backup itself are alike by it.*back up again.*Nothing was changed/s,
          },
        ],
        [
          "a key from another table to rows that the backup does not have",
          `
        CREATE TABLE outside (egg int REFERENCES egg);
        INSERT INTO egg VALUES (5, NULL);
        INSERT INTO outside VALUES (5)
      `,
          {
            code: "database.query",
            says: /putting foreign key outside_egg_fkey of public\.outside back/,
            hint: /both sides of the key.*Nothing was changed/,
          },
        ],
      ],
      { every: 2 },
    ),
  )("are refused whole by %s: every row is there, and every sequence", async (_, change, refusal) => {
    await using database = await copyOf();
    await spoil(database);
    await database.query(
      change
        .replaceAll("ALTER TABLE checked", "DELETE FROM checked; ALTER TABLE checked")
        .replace("CREATE UNIQUE INDEX one_mood ON", "DELETE FROM hashed; CREATE UNIQUE INDEX one_mood ON"),
    );
    const [rows, state] = [await rowsOf(database), await stateOf(database)];
    const error = await expectRefusal(vault.restore(database.url, choice(database)), {
      exit: 4,
      ...refusal,
    });
    expect(error.hint).not.toMatch(/incomplete/);
    expect({ rows: await rowsOf(database), state: await stateOf(database) }).toEqual({ rows, state });
    expect(await database.query("SELECT last_value::int AS n FROM ticket")).toEqual([{ n: 7 }]);
  });

  it.each([
    [
      "a column that is gone",
      "ALTER TABLE checked RENAME n TO m",
      "database.lacks",
      /no column n/,
      /--|restore the whole backup/,
    ],
    [
      "a column that must have a value",
      "TRUNCATE lax; ALTER TABLE lax ADD extra int NOT NULL",
      "database.lacks",
      /column extra needs a value/,
      /may be empty or has a default/,
    ],
    [
      "forced row-level security",
      "ALTER TABLE secret FORCE ROW LEVEL SECURITY",
      "database.row-security",
      /public\.secret/,
      /unless row-level security is forced/,
    ],
    [
      "a view in a table's place",
      "DROP TABLE lax; CREATE VIEW lax AS SELECT 1 AS egg",
      "database.lacks",
      /public\.lax is no table/,
      /another name/,
    ],
  ] as const)(
    "are refused by %s before anything is touched, by the dry run too",
    async (_, change, code, says, hint) => {
      await using database = await copyOf();
      await database.query(change);
      const rows = await rowsOf(database);
      await expectForeseen(vault, database.url, choice(database), { code, exit: 4, says, hint });
      expect(await rowsOf(database)).toEqual(rows);
    },
  );

  it("are refused to an owner where another's table refers to his, whose rows never go along", async () => {
    await using database = await copyOf();
    await database.admin(
      "CREATE TABLE foreigner (egg int REFERENCES egg ON DELETE CASCADE); INSERT INTO foreigner VALUES (1)",
    );
    await expectForeseen(vault, database.url, choice(database), {
      code: "database.permission",
      exit: 4,
      says: /foreign key foreigner_egg_fkey of public\.foreigner.*only the owner/,
      hint: /both sides.*Nothing was touched/,
    });
    const restored = await vault.restore(database.adminUrl, choice(database));
    expect({ exit: restored.exit, said: said(restored) }).toMatchObject({ exit: 0 });
    expect(await database.admin("SELECT * FROM foreigner")).toEqual([{ egg: 1 }]);
  });

  it("keep foreign keys that were switched off so, and those with own states for a superuser", async () => {
    await using database = await copyOf();
    await database.admin(`
      DO $$
      DECLARE
        t text;
      BEGIN
        FOR t IN
          SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname)
            FROM pg_trigger
           WHERE tgconstraint = (SELECT oid FROM pg_constraint WHERE conname = 'of_hen') LOOP
          EXECUTE t;
        END LOOP;
        FOR t IN
          SELECT format('ALTER TABLE hen ENABLE ALWAYS TRIGGER %I', tgname)
            FROM pg_trigger
           WHERE tgrelid = 'hen'::regclass
             AND tgconstraint = (SELECT oid FROM pg_constraint WHERE conname = 'hen_egg_fkey') LOOP
          EXECUTE t;
        END LOOP;
      END $$
    `);
    await database.admin(`
      ALTER TABLE egg DISABLE TRIGGER ALL;
      UPDATE egg SET hen = 12345;
      DO $$
        DECLARE
          t text;
        BEGIN
          FOR t IN
            SELECT format('ALTER TABLE egg ENABLE TRIGGER %I', tgname)
              FROM pg_trigger g JOIN pg_constraint k ON k.oid = g.tgconstraint
             WHERE tgrelid = 'egg'::regclass AND conname <> 'of_hen' LOOP
            EXECUTE t;
          END LOOP;
        END $$
    `);
    const state = await stateOf(database);
    await expectRefusal(vault.restore(database.url, choice(database)), {
      code: "database.permission",
      exit: 4,
      says: /hen_egg_fkey.*only a superuser/,
      hint: /Nothing was touched/,
    });
    expect((await vault.restore(database.adminUrl, choice(database))).exit).toBe(0);
    expect(await stateOf(database)).toEqual(state);
  });
});

describe("sequences", () => {
  const VALUES = `
    SELECT (SELECT last_value::int FROM fresh) AS fresh, (SELECT is_called FROM fresh) AS called,
           (SELECT last_value::int FROM numbered_id_seq) AS id
  `;

  it("are set with the rows, and whether their value was handed out too", async () => {
    await using database = await copyOf(corners);
    await database.query("SELECT setval('fresh', 77), setval('numbered_id_seq', 500)");
    const restored = await vault.restore(database.url, choice(database, { source: "corners" }));
    expect({ exit: restored.exit, said: said(restored) }).toMatchObject({ exit: 0 });
    expect(await database.query(VALUES)).toEqual([{ fresh: 10, called: false, id: 2 }]);
    expect(await database.query("SELECT nextval('fresh')::int AS next")).toEqual([{ next: 10 }]);
  });

  it.each([
    ["data", []],
    ["whole", ["public.numbered"]],
  ] as const)(
    "go back to what they were when a restore (%s) fails after they were set",
    async (what, tables) => {
      await using database = await copyOf(corners);
      await database.query(
        "SELECT setval('fresh', 77), setval('numbered_id_seq', 500); INSERT INTO numbered (n) VALUES (9)",
      );
      const before = await database.query(VALUES);
      let set = 0;
      const around = withQueries({
        before: async (sql) => {
          if (sql.includes("setval(")) set += 1;
          if (sql === "COMMIT") {
            await cluster.admin(
              `
                SELECT pg_terminate_backend(pid)
                  FROM pg_stat_activity
                 WHERE datname = $1
                   AND application_name = 'holdfast restore'
                   AND state = 'idle in transaction'
              `,
              [database.name],
            );
          }
        },
      });
      await expect(
        vault.restore(database.url, choice(database, { source: "corners", what, tables: [...tables] }), {
          database: around,
        }),
      ).rejects.toMatchObject({ code: "database.lost" });
      expect(set).toBe(tables.length === 0 ? 2 : 1);
      expect(await database.query(VALUES)).toEqual(before);
      expect(await database.query("SELECT nextval('numbered_id_seq')::int AS next")).toEqual([{ next: 502 }]);
    },
  );

  it.each([
    ["one is gone", "DROP SEQUENCE fresh", "database.lacks", /no sequence "public"\."fresh"/, /Make it/],
    [
      "one is something else now",
      "DROP SEQUENCE fresh; CREATE VIEW fresh AS SELECT 1",
      "database.lacks",
      /no sequence "public"\."fresh"/,
      /Make it/,
    ],
    [
      "one cannot have the backup's value",
      "ALTER SEQUENCE fresh MINVALUE 50 START 50 RESTART 50",
      "database.lacks",
      /goes from 50 to \d+ at the target.*at 10/,
      /Widen it/,
    ],
    [
      "one is another role's",
      "ALTER SEQUENCE fresh OWNER TO CURRENT_USER; GRANT ALL ON SEQUENCE fresh TO holdfast",
      "database.permission",
      /may not restart sequence "public"\."fresh"/,
      /owns "public"/,
    ],
  ] as const)("are looked at before anything is touched: %s", async (_, change, code, says, hint) => {
    await using database = await copyOf(corners);
    await database.admin(`${change}; INSERT INTO numbered (n) VALUES (9)`);
    await expectForeseen(vault, database.url, choice(database, { source: "corners" }), {
      code,
      exit: 4,
      says,
      hint,
    });
    expect(await database.query("SELECT count(*)::int AS n FROM numbered")).toEqual([{ n: 3 }]);
  });

  it("of a missing table are not taken from whoever uses them", async () => {
    await using database = await copyOf(corners);
    await database.query(
      "DROP MATERIALIZED VIEW shares; ALTER SEQUENCE numbered_id_seq OWNED BY NONE; DROP TABLE numbered",
    );
    await expectRefusal(
      vault.restore(
        database.url,
        choice(database, { source: "corners", what: "whole", tables: ["public.numbered"] }),
      ),
      {
        code: "database.lacks",
        exit: 4,
        says: /has "public"\."numbered_id_seq" already/,
        hint: /Drop or rename/,
      },
    );
    expect(
      await database.query(
        "SELECT to_regclass('numbered') AS made, last_value::int AS id FROM numbered_id_seq",
      ),
    ).toEqual([{ made: null, id: 2 }]);
  });
});

describe("what stands around the rows", () => {
  it("is not written to by event triggers that log a refresh, and these stay as they were", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE log (tag text);
        CREATE TABLE t AS SELECT 1 AS a;
        CREATE MATERIALIZED VIEW logged AS SELECT count(*) AS n FROM log;
        CREATE MATERIALIZED VIEW shares AS SELECT 1 / a AS share FROM t;
        CREATE FUNCTION ev() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
          'BEGIN INSERT INTO public.log VALUES (tg_tag); END';
        CREATE EVENT TRIGGER plain ON ddl_command_end EXECUTE FUNCTION ev();
        CREATE EVENT TRIGGER "al ways" ON ddl_command_start EXECUTE FUNCTION ev();
        ALTER EVENT TRIGGER "al ways" ENABLE ALWAYS;
        CREATE EVENT TRIGGER off ON sql_drop EXECUTE FUNCTION ev();
        ALTER EVENT TRIGGER off DISABLE;
        ALTER EVENT TRIGGER plain ENABLE
      `,
    });
    await vault.backup(database.adminUrl, { source: "logged" });
    const states = "SELECT evtname::text AS name, evtenabled::text AS state FROM pg_event_trigger ORDER BY 1";
    const before = await database.admin(states);
    const restored = await vault.restore(database.adminUrl, choice(database, { source: "logged" }));
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("the rows as they were"),
    });
    expect([
      await database.admin(states),
      await database.admin("SELECT count(*)::int AS n FROM log"),
    ]).toEqual([before, [{ n: 0 }]]);
    // One that fails leaves them as they were, too.
    await database.admin(`
      DROP MATERIALIZED VIEW shares;
      CREATE MATERIALIZED VIEW shares AS SELECT 1 / (a - 1) AS share FROM t WITH NO DATA;
      TRUNCATE log
    `);
    expect((await vault.restore(database.adminUrl, choice(database, { source: "logged" }))).exit).toBe(5);
    expect([
      await database.admin(states),
      await database.admin("SELECT count(*)::int AS n FROM log"),
    ]).toEqual([before, [{ n: 0 }]]);
  });

  it("says which materialized views stay empty or old", async () => {
    await using database = await copyOf(corners);
    await database.query(`
      DROP MATERIALIZED VIEW shares;
      CREATE MATERIALIZED VIEW shares AS SELECT 20 / (n - 4) AS share FROM numbered WITH NO DATA
    `);
    const restored = await vault.restore(database.url, choice(database, { source: "corners" }));
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 5,
      said: expect.stringMatching(/shares.*division by zero/),
    });
  });

  it("keeps a check validated below a parent that is not, and says where the backup breaks it", async () => {
    await using database = await copyOf(corners);
    const valid = `
      SELECT conrelid::regclass::text AS name, convalidated AS valid
        FROM pg_constraint
       WHERE conname = 'root_n'
       ORDER BY 1
    `;
    const before = await database.query(valid);
    expect(before).toEqual([
      { name: "best", valid: true },
      { name: "good", valid: true },
      { name: "odd", valid: false },
      { name: "root", valid: false },
    ]);
    expect((await vault.restore(database.url, choice(database, { source: "corners" }))).exit).toBe(0);
    expect(await database.query(valid)).toEqual(before);
    await database.query("UPDATE odd SET n = 3; ALTER TABLE odd VALIDATE CONSTRAINT root_n");
    const ports = testPorts();
    const restored = await vault.restore(database.url, choice(database, { source: "corners" }), ports);
    expect({ exit: restored.exit, said: said(restored) }).toMatchObject({ exit: 0 });
    expect(await database.query(valid)).toEqual(before);
    expect(await database.query("SELECT n FROM odd")).toEqual([{ n: -3 }]);
    expect(ports.lines.join("\n")).toMatch(/constraint root_n of public\.odd was valid and is NOT VALID now/);
  });
});

describe("named tables", () => {
  it("that another session makes meanwhile are left alone, and only those made here go again", async () => {
    await using database = await copyOf();
    await database.query("DROP TABLE made, lax; DELETE FROM checked");
    let beaten = false;
    const tools: TestPortsOptions["tools"] = (all) => ({
      ...all,
      load: async (request) => {
        if (!beaten) await database.query("CREATE TABLE made (a int, x xml); INSERT INTO made VALUES (7)");
        beaten = true;
        return await all.load(request);
      },
    });
    const error = await expectRefusal(
      vault.restore(
        database.url,
        choice(database, { what: "whole", tables: ["public.made", "public.lax", "public.checked"] }),
        { tools },
      ),
      {
        code: "database.lacks",
        exit: 4,
        says: /"public"\."made" is not the one this restore was to make: .*already exists/,
        hint: /drop or rename.*Nothing was changed/,
      },
    );
    expect(error.hint).not.toMatch(/incomplete/);
    expect(beaten).toBe(true);
    expect(
      await database.query(
        "SELECT a, to_regclass('lax') AS lax, (SELECT count(*)::int FROM checked) AS checked FROM made",
      ),
    ).toEqual([{ a: 7, lax: null, checked: 0 }]);
  });

  it("of a hash-partitioned table on an enum are refused alone and come together", async () => {
    await using database = await copyOf();
    const rows = await rowsOf(database);
    await expectRefusal(vault.restore(database.url, choice(database, { tables: ["public.hashed_0"] })), {
      code: "refused.outside-scope",
      exit: 7,
      says: /"public"\."hashed"/,
      hint: /all of its partitions.*Nothing was changed/,
    });
    expect(await rowsOf(database)).toEqual(rows);
    await database.query("DELETE FROM hashed");
    const restored = await vault.restore(
      database.url,
      choice(database, { tables: ["public.hashed_0", "public.hashed_1"] }),
    );
    expect(await database.query("SELECT count(*)::int AS n FROM hashed")).toEqual([{ n: 30 }]);
    expect({ exit: restored.exit, said: said(restored) }).toBeDefined();
  });

  it("that had to be made go again when the rows of another one are refused", async () => {
    await using database = await copyOf();
    await database.query(`
      DROP TABLE made;
      TRUNCATE checked;
      ALTER TABLE checked ADD CONSTRAINT later CHECK (n <> 5);
      INSERT INTO checked VALUES (9, 9)
    `);
    await expectRefusal(
      vault.restore(
        database.url,
        choice(database, { what: "whole", tables: ["public.made", "public.checked"] }),
      ),
      { code: "database.query", exit: 4, says: /later/, hint: /Nothing was changed/ },
    );
    expect(
      await database.query("SELECT to_regclass('made') AS made, (SELECT array_agg(id) FROM checked) AS ids"),
    ).toEqual([{ made: null, ids: [9] }]);
  });
});

describe("a load that is interrupted", () => {
  it.each(
    casesInTurn("ways in which a load of rows is interrupted", ["cancelled", "killed"] as const, {
      every: 2,
    }),
  )("leaves every row as it was when it is %s in the middle", async (how) => {
    await using database = await copyOf();
    await spoil(database);
    const [rows, state] = [await rowsOf(database), await stateOf(database)];
    const abort = new AbortController();
    let copies = 0;
    const around = withQueries({
      before: async (sql) => {
        if (!sql.startsWith("COPY ") || (copies += 1) !== 4) return;
        if (how === "cancelled") {
          abort.abort(
            new HoldfastError("run.cancelled", "stopped by the test", { hint: "Run again when ready." }),
          );
        } else {
          await cluster.admin(
            `
                SELECT pg_terminate_backend(pid)
                  FROM pg_stat_activity
                 WHERE datname = $1
                   AND application_name = 'holdfast restore'
                   AND state = 'idle in transaction'
              `,
            [database.name],
          );
        }
      },
    });
    const error = await vault
      .restore(database.url, choice(database), { database: around, cancelled: abort.signal })
      .then(
        () => undefined,
        (reason: unknown) => reason as Error & { hint?: string; code?: string },
      );
    expect(copies).toBe(4);
    expect(error?.hint).not.toContain("incomplete");
    if (how === "cancelled") {
      expect(error).toMatchObject({
        code: "run.cancelled",
        message: "stopped by the test",
        hint: expect.stringContaining("Nothing was changed"),
      });
    } else {
      expect(error).toMatchObject({
        code: "database.lost",
        hint: expect.stringContaining("Nothing was changed"),
      });
    }
    expect({ rows: await rowsOf(database), state: await stateOf(database) }).toEqual({ rows, state });
  });

  it("by a damaged archive leaves every row as it was", async () => {
    await using database = await copyOf();
    const rows = await rowsOf(database);
    await using other = await Vault.make();
    await other.backup(database.adminUrl, { source: "shop" });
    const [blob] = other.files("database/").filter((path) => path.includes("full.dump"));
    const { readFileSync, writeFileSync } = await import("node:fs");
    const bytes = readFileSync(other.path(blob!));
    bytes[bytes.length - 30]! ^= 1;
    writeFileSync(other.path(blob!), bytes);
    const error = await other.restore(database.url, choice(database)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: "artifact.damaged" });
    expect(await rowsOf(database)).toEqual(rows);
  });
});

describe("another encoding", () => {
  it.each(casesInTurn("encodings of a target of rows", ["LATIN1", "UTF8"], { every: 2 }))(
    "LATIN1 names and values find their tables in a database in %s",
    async (encoding) => {
      await using latin = await cluster.createDatabase({
        encoding: "LATIN1",
        sql: `
          CREATE TABLE "größe" ("maß" text, id serial);
          INSERT INTO "größe" ("maß") VALUES ('Übel £'), ('é');
          ALTER SEQUENCE "größe_id_seq" RENAME TO "nächste"
        `,
      });
      await vault.backup(latin.url, { source: "latin" });
      await using database = await cluster.createDatabase({
        encoding,
        sql: `
          CREATE TABLE "größe" ("maß" text, id serial);
          INSERT INTO "größe" VALUES ('fort');
          ALTER SEQUENCE "größe_id_seq" RENAME TO "nächste"
        `,
      });
      const restored = await vault.restore(database.url, choice(database, { source: "latin" }));
      expect({ exit: restored.exit, said: said(restored) }).toMatchObject({
        exit: encoding === "LATIN1" ? 0 : expect.any(Number),
      });
      expect(
        await query(
          database.url,
          `SELECT "maß", (SELECT last_value::int FROM "nächste") AS last FROM "größe" ORDER BY id`,
        ),
      ).toEqual([
        { maß: "Übel £", last: 2 },
        { maß: "é", last: 2 },
      ]);
    },
  );
});
