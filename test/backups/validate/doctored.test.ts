import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { OBJECT_KINDS } from "../../../src/nouns/content/record.ts";
import type { DumpTools, LoadRequest, TocEntry } from "../../../src/ports/dump-tools.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { findings, output, Vault } from "../../support/vault.ts";

/**
 * The other way round: one of each class of object exists, the restored copy is made to lack it, and the
 * proof must name it.
 */

const SOURCE = String.raw`
  CREATE SCHEMA lost_schema; CREATE SCHEMA app;
  CREATE TABLE app.lost_table (a int);
  CREATE TABLE app.kept (id int NOT NULL, n int, m int, v text, r int4range);
  INSERT INTO app.kept SELECT g, g, g, 'v' || g, int4range(g, g + 1) FROM generate_series(1, 9) g;
  CREATE TABLE app.rows (a int);
  INSERT INTO app.rows VALUES (1), (2);
  CREATE TABLE app.referred (id int PRIMARY KEY, s serial);
  INSERT INTO app.referred (id) SELECT generate_series(1, 9);
  ALTER TABLE app.kept ADD CONSTRAINT lost_primary PRIMARY KEY (id), ADD CONSTRAINT lost_unique UNIQUE (n),
    ADD CONSTRAINT lost_exclusion EXCLUDE USING gist (r WITH &&),
    ADD CONSTRAINT lost_foreign FOREIGN KEY (m) REFERENCES app.referred,
    ADD CONSTRAINT lost_check CHECK (n > 0) NOT VALID;
  CREATE INDEX lost_index ON app.kept (v);
  CREATE STATISTICS app.lost_statistics (dependencies) ON n, m FROM app.kept;
  CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER lost_trigger BEFORE UPDATE ON app.kept FOR EACH ROW EXECUTE FUNCTION app.touch();
  ALTER TABLE app.referred ENABLE ROW LEVEL SECURITY;
  CREATE POLICY lost_policy ON app.kept USING (true);
  CREATE RULE lost_rule AS ON DELETE TO app.rows DO INSTEAD NOTHING;
  CREATE VIEW app.lost_view AS SELECT 1 AS a;
  CREATE MATERIALIZED VIEW app.lost_matview AS SELECT 1 AS a;
  CREATE MATERIALIZED VIEW app.unfilled AS SELECT 2 AS a;
  CREATE FUNCTION app.lost_function(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE PROCEDURE app.lost_procedure() LANGUAGE sql AS 'SELECT 1';
  CREATE AGGREGATE app.lost_aggregate(int) (sfunc = int4pl, stype = int);
  CREATE TYPE app.lost_enum AS ENUM ('a');
  CREATE TYPE app.lost_composite AS (a int);
  CREATE TYPE app.lost_range AS RANGE (subtype = float8);
  CREATE DOMAIN app.lost_domain AS int;
  CREATE DOMAIN app.checked AS int;
  ALTER DOMAIN app.checked ADD CONSTRAINT lost_domain_check CHECK (VALUE > 0) NOT VALID;
  CREATE OPERATOR app.<<<>>> (leftarg = int, rightarg = int, function = int4eq);
  CREATE TYPE app.source AS (a int);
  CREATE CAST (app.source AS text) WITH INOUT;
  CREATE COLLATION app.lost_collation (provider = libc, locale = 'C');
  CREATE CONVERSION app.lost_conversion FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
  CREATE TEXT SEARCH CONFIGURATION app.lost_configuration (COPY = english);
  CREATE TEXT SEARCH DICTIONARY app.lost_dictionary (TEMPLATE = simple);
  CREATE SEQUENCE app.lost_sequence;
  CREATE SEQUENCE app.valued;
  SELECT setval('app.valued', 77);
  COMMENT ON TABLE app.kept IS 'lost';
  COMMENT ON COLUMN app.kept.v IS 'lost too';
  GRANT SELECT ON app.kept TO PUBLIC;
  GRANT UPDATE (a) ON app.rows TO PUBLIC;
  SELECT lo_from_bytea(4242, 'large');
  GRANT SELECT ON LARGE OBJECT 4242 TO PUBLIC;
  ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;
`;
const SUPERUSER = String.raw`
  CREATE EXTENSION hstore;
  CREATE OPERATOR FAMILY app.lost_family USING btree;
  CREATE OPERATOR CLASS app.lost_class FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int);
  CREATE EXTENSION postgres_fdw;
  CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER lost_event ON ddl_command_end EXECUTE FUNCTION app.on_ddl();
  CREATE PUBLICATION lost_publication;
  CREATE PUBLICATION short FOR TABLE app.rows;
  CREATE FOREIGN DATA WRAPPER lost_wrapper;
  CREATE SERVER lost_server FOREIGN DATA WRAPPER postgres_fdw;
  CREATE SERVER kept_server FOREIGN DATA WRAPPER postgres_fdw;
  CREATE USER MAPPING FOR PUBLIC SERVER kept_server OPTIONS (user 'u');
  CREATE FOREIGN TABLE app.lost_foreign_table (a int) SERVER kept_server;
  CREATE LANGUAGE lost_language HANDLER plpgsql_call_handler;
  CREATE TRANSFORM FOR app.source LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));
  CREATE ACCESS METHOD lost_method TYPE TABLE HANDLER heap_tableam_handler;
  CREATE SUBSCRIPTION lost_subscription CONNECTION 'host=nowhere.invalid' PUBLICATION p
    WITH (connect = false, slot_name = NONE);
`;

/**
 * An entry of the archive, by type and beginning of its text; and what the proof must name, as `about name`.
 */
const CLASSES: readonly (readonly [type: string, rest: string, finding: RegExp])[] = [
  ["SCHEMA", "- lost_schema ", /^schema lost_schema$/],
  ["TABLE", "app lost_table ", /^table app\.lost_table$/],
  ["TABLE DATA", "app rows ", /^table app\.rows$/],
  ["DEFAULT", "app referred s ", /^column app\.referred\.s$/],
  ["CONSTRAINT", "app kept lost_primary ", /^constraint app\.kept\.lost_primary$/],
  ["CONSTRAINT", "app kept lost_unique ", /^constraint app\.kept\.lost_unique$/],
  ["CONSTRAINT", "app kept lost_exclusion ", /^constraint app\.kept\.lost_exclusion$/],
  ["FK CONSTRAINT", "app kept lost_foreign ", /^constraint app\.kept\.lost_foreign$/],
  ["CHECK CONSTRAINT", "app kept lost_check ", /^constraint app\.kept\.lost_check$/],
  ["CHECK CONSTRAINT", "app checked lost_domain_check ", /^constraint app\.checked\.lost_domain_check$/],
  ["INDEX", "app lost_index ", /^index app\.lost_index$/],
  ["STATISTICS", "app lost_statistics ", /^statistics app\.lost_statistics$/],
  ["TRIGGER", "app kept lost_trigger ", /^trigger app\.kept\.lost_trigger$/],
  ["POLICY", "app kept lost_policy ", /^policy app\.kept\.lost_policy$/],
  ["ROW SECURITY", "app referred ", /^row-security app\.referred$/],
  ["RULE", "app rows lost_rule ", /^rule app\.rows\.lost_rule$/],
  ["VIEW", "app lost_view ", /^view app\.lost_view$/],
  ["MATERIALIZED VIEW", "app lost_matview ", /^(?:table|materialized-view) app\.lost_matview$/],
  ["FUNCTION", "app lost_function(", /^function app\.lost_function\(/],
  ["PROCEDURE", "app lost_procedure(", /^function app\.lost_procedure\(/],
  ["AGGREGATE", "app lost_aggregate(", /^function app\.lost_aggregate\(/],
  ["TYPE", "app lost_enum ", /^type app\.lost_enum$/],
  ["TYPE", "app lost_composite ", /^type app\.lost_composite$/],
  ["TYPE", "app lost_range ", /^type app\.lost_range$/],
  ["DOMAIN", "app lost_domain ", /^type app\.lost_domain$/],
  ["OPERATOR", "app <<<>>> ", /^operator app\.<<<>>>/],
  ["OPERATOR CLASS", "app lost_class ", /^operator(?:-class)? .*lost_class/],
  ["CAST", "- CAST (app.source AS text)", /^cast app\.source as text$/],
  ["COLLATION", "app lost_collation ", /^collation app\.lost_collation$/],
  [
    "TEXT SEARCH CONFIGURATION",
    "app lost_configuration ",
    /^text-search configuration app\.lost_configuration$/,
  ],
  ["TEXT SEARCH DICTIONARY", "app lost_dictionary ", /^text-search dictionary app\.lost_dictionary$/],
  ["SEQUENCE", "app lost_sequence ", /^sequence app\.lost_sequence$/],
  ["SEQUENCE SET", "app valued ", /^sequence app\.valued$/],
  ["COMMENT", "app TABLE kept ", /^comment table app\.kept$/],
  ["COMMENT", "app COLUMN kept.v ", /^comment column app\.kept\.v$/],
  ["ACL", "app TABLE kept ", /^grant table app\.kept$/],
  ["ACL", "app COLUMN rows.a ", /^grant column app\.rows\.a$/],
  ["DEFAULT ACL", "app DEFAULT PRIVILEGES FOR TABLES ", /^default-privilege .*app for r/],
  ["ACL", "- LARGE OBJECT 4242 ", /^grant large object 4242$/],
  ["EVENT TRIGGER", "- lost_event ", /^event-trigger lost_event$/],
  ["PUBLICATION", "- lost_publication ", /^publication lost_publication$/],
  ["PUBLICATION TABLE", "app short rows ", /^publication short$/],
  ["FOREIGN DATA WRAPPER", "- lost_wrapper ", /^foreign-server wrapper lost_wrapper$/],
  ["SERVER", "- lost_server ", /^foreign-server server lost_server$/],
  ["FOREIGN TABLE", "app lost_foreign_table ", /^table app\.lost_foreign_table$/],
];

/**
 * Made by the recipe itself, before the archive is loaded: without its entry the copy has it all the same.
 */
const EXTENSION = ["EXTENSION", "- hstore "] as const;

/** Kinds that a second version of the digests brought, by name. */
const NEWER = [
  [
    "user-mapping",
    "USER MAPPING",
    "- USER MAPPING public SERVER kept_server ",
    /^user-mapping .*kept_server/,
  ],
  ["subscription", "SUBSCRIPTION", "- lost_subscription ", /^subscription lost_subscription$/],
  ["language", "PROCEDURAL LANGUAGE", "- lost_language ", /^language lost_language$/],
  ["transform", "TRANSFORM", "- TRANSFORM FOR app.source LANGUAGE sql ", /^transform .*source/],
  ["access-method", "ACCESS METHOD", "- lost_method ", /^access-method lost_method$/],
  ["conversion", "CONVERSION", "app lost_conversion ", /^conversion app\.lost_conversion$/],
  ["conversion", "OPERATOR FAMILY", "app lost_family ", /^operator(?:-family)? .*lost_family/],
] as const;

/** All of which a copy is compared by one by one. */
const ALL: typeof CLASSES = [
  ...CLASSES,
  ...NEWER.filter(([kind]) => (OBJECT_KINDS as readonly string[]).includes(kind)).map(
    ([, type, rest, finding]) => [type, rest, finding] as const,
  ),
];

/**
 * Entries that stand for an object of their own, which the backup then misses by its id. A table's absence
 * stops a backup.
 */
const OWN = [
  EXTENSION,
  ...CLASSES.map(([type, rest]) => [type, rest] as const),
  ...NEWER.map(([, type, rest]) => [type, rest] as const),
].filter(
  ([type]) =>
    ![
      "TABLE",
      "TABLE DATA",
      "MATERIALIZED VIEW DATA",
      "DEFAULT",
      "ROW SECURITY",
      "SEQUENCE SET",
      "COMMENT",
      "ACL",
    ].includes(type),
);

let cluster: Cluster;
let source: TestDatabase;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  source = await cluster.createDatabase({ sql: SOURCE });
  await source.admin(SUPERUSER);
  vault = await Vault.make();
  await vault.backup(source.adminUrl);
});
afterAll(async () => {
  await source.admin("DROP SUBSCRIPTION lost_subscription");
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** As if pg_dump had never written these entries; what depends on them then fails, as it would. */
function without(
  lost: (entry: TocEntry) => boolean,
  more: Partial<LoadRequest> = {},
): (tools: DumpTools) => DumpTools {
  return (tools) => ({
    ...tools,
    load: (request) =>
      tools.load({
        ...request,
        ...more,
        ...(request.entries ? { entries: request.entries.filter((entry) => !lost(entry)) } : {}),
      }),
  });
}

const isSubscription = ({ type }: TocEntry): boolean => type === "SUBSCRIPTION";
const differing = async (
  tools: (tools: DumpTools) => DumpTools,
): Promise<{ exit: number; names: string[] }> => {
  const validated = await vault.validate({ source: "shop", scratch: cluster.adminUrl() }, { tools });
  return {
    exit: validated.exit,
    names: findings(validated)
      .filter(({ severity }) => severity === "difference")
      .map(({ about, name }) => `${about} ${name}`),
  };
};

describe("a dump that leaves something out without failing", () => {
  it("makes a backup whose gaps name every single thing", async () => {
    const lost: TocEntry[] = [];
    const tools = (real: DumpTools): DumpTools => ({
      ...real,
      listContents: async (set, archive) =>
        (await real.listContents(set, archive)).filter((entry) => {
          const isLost = OWN.some(([type, rest]) => entry.type === type && entry.rest.startsWith(rest));
          if (isLost) lost.push(entry);
          return !isLost;
        }),
    });
    const taken = await vault.backup(source.adminUrl, { source: "short" }, { tools });
    const { gaps = [] } = await vault.manifest(output(taken, "id"));
    expect(lost).toHaveLength(OWN.length);
    expect(gaps.map(({ about, name }) => `${about} ${name}`).sort()).toEqual([
      "access-method lost_method",
      "aggregate app.lost_aggregate(integer)",
      "cast (app.source AS pg_catalog.text)",
      "collation app.lost_collation",
      "conversion app.lost_conversion",
      "default-acl for role holdfast in schema app on tables",
      "domain-constraint lost_domain_check on app.checked",
      "event-trigger lost_event",
      "extension hstore",
      "foreign-data-wrapper lost_wrapper",
      "foreign-table app.lost_foreign_table",
      "function app.lost_function(integer)",
      "index app.lost_index",
      "language lost_language",
      "materialized-view app.lost_matview",
      "operator app.<<<>>>(integer,integer)",
      "operator-class app.lost_class USING hash",
      "operator-family app.lost_family USING btree",
      "policy lost_policy on app.kept",
      "procedure app.lost_procedure()",
      "publication lost_publication",
      "publication-relation app.rows in publication short",
      "rule lost_rule on app.rows",
      "schema lost_schema",
      "sequence app.lost_sequence",
      "server lost_server",
      "statistics-object app.lost_statistics",
      "subscription lost_subscription",
      "table-constraint lost_check on app.kept",
      "table-constraint lost_exclusion on app.kept",
      "table-constraint lost_foreign on app.kept",
      "table-constraint lost_primary on app.kept",
      "table-constraint lost_unique on app.kept",
      "text-search-configuration app.lost_configuration",
      "text-search-dictionary app.lost_dictionary",
      "transform for app.source on language sql",
      "trigger lost_trigger on app.kept",
      "type app.lost_composite",
      "type app.lost_domain",
      "type app.lost_enum",
      "type app.lost_range",
      "user-mapping public on kept_server",
      "view app.lost_view",
    ]);
    expect(taken.outputs["gaps"]).toBe(OWN.length);
  }, 120_000);
});

describe("an archive that lacks something", () => {
  it("holds one of each class, so that leaving it out is a loss", async () => {
    const listed: TocEntry[] = [];
    await differing(without((entry) => (listed.push(entry), isSubscription(entry))));
    const absent = ALL.filter(
      ([type, rest]) => !listed.some((entry) => entry.type === type && entry.rest.startsWith(rest)),
    );
    expect(absent).toEqual([]);
    expect(new Set(ALL.map(([type]) => type)).size).toBeGreaterThan(25);
    expect(output(await vault.list({ source: "shop" }), "count")).toBe("1");
  }, 120_000);

  it("is never proved: every single thing it lacks is named as a difference", async () => {
    const { exit, names } = await differing(
      without(
        (entry) =>
          isSubscription(entry) ||
          ALL.some(([type, rest]) => entry.type === type && entry.rest.startsWith(rest)),
      ),
    );
    expect(exit).toBe(5);
    const unnamed = ALL.filter(([, , finding]) => !names.some((name) => finding.test(name))).map(
      ([type, rest]) => `${type} ${rest}`,
    );
    expect({ unnamed, names: unnamed.length > 0 ? names : [] }).toEqual({ unnamed: [], names: [] });
  }, 120_000);

  it("is never proved without its large objects and without its owners", async () => {
    const { exit, names } = await differing(
      without(
        (entry) => isSubscription(entry) || /^BLOB/.test(entry.type) || /^- LARGE OBJECT/.test(entry.rest),
        { noOwner: true },
      ),
    );
    expect(exit).toBe(5);
    expect(names).toEqual(
      expect.arrayContaining([
        "large-objects large objects",
        "owner table app.kept",
        "owner function app.touch()",
        "owner schema app",
        "owner type app.checked",
      ]),
    );
  }, 120_000);

  it("is never proved without the changed rights on what an extension or the server brings", async () => {
    await source.admin(`
      REVOKE EXECUTE ON FUNCTION slice(hstore, text[]) FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION slice(hstore, text[]) TO holdfast;
      GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO PUBLIC;
      REVOKE EXECUTE ON FUNCTION pg_catalog.lo_unlink(oid) FROM PUBLIC
    `);
    await vault.backup(source.adminUrl, { source: "rights" });
    const validate = async (lost: (entry: TocEntry) => boolean): Promise<string[]> => {
      const validated = await vault.validate(
        { source: "rights", scratch: cluster.adminUrl() },
        { tools: without((entry) => isSubscription(entry) || lost(entry)) },
      );
      return findings(validated)
        .filter(({ about }) => about === "grant")
        .map(({ severity, name }) => `${severity} ${name}`)
        .sort();
    };
    expect(await validate(() => false)).toEqual([]);
    expect(
      await validate(
        ({ type, rest }) => type === "ACL" && /FUNCTION (?:slice|pg_ls_waldir|lo_unlink)\(/.test(rest),
      ),
    ).toEqual([
      "gap catalog function pg_catalog.lo_unlink(oid)",
      "gap catalog function pg_catalog.pg_ls_waldir(OUT name text, OUT size bigint, OUT modification " +
        "timestamp with time zone)",
      "gap member function public.slice(public.hstore, text[])",
    ]);
  }, 120_000);
});
