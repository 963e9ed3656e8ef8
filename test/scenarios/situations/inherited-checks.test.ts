import { afterAll, beforeAll, describe, it } from "@jest/globals";
import { server, startCluster, type Cluster } from "../../support/postgres.ts";
import { Vault } from "../../support/vault.ts";
import { holdSituation, type Situation } from "./situation.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * Constraints that hold for new rows only, and are valid further down: pg_dump writes them at one place,
 * in one state.
 */

const CHECKS: readonly Situation[] = [
  {
    name: "an heir made after the check of its parent, which is not validated, has it valid",
    sql: `
      CREATE TABLE p (a int);
      INSERT INTO p VALUES (-1);
      ALTER TABLE p ADD CONSTRAINT late CHECK (a > 0) NOT VALID;
      CREATE TABLE c (b int) INHERITS (p);
      INSERT INTO c VALUES (1, 2);
    `,
    verdict: "proved",
  },
  {
    name: "an heir, and another one's heir alone, were validated; one below two parents",
    sql: `
      CREATE TABLE p (a int);
      CREATE TABLE q (z int);
      CREATE TABLE c () INHERITS (p);
      CREATE TABLE d () INHERITS (c);
      CREATE TABLE "E e" () INHERITS (p);
      CREATE TABLE f () INHERITS ("E e", q);
      INSERT INTO p VALUES (-1);
      INSERT INTO "E e" VALUES (-1);
      ALTER TABLE p ADD CONSTRAINT "lat E" CHECK (a > 0) NOT VALID;
      ALTER TABLE q ADD CONSTRAINT low CHECK (z > 0) NOT VALID;
      ALTER TABLE c VALIDATE CONSTRAINT "lat E";
      ALTER TABLE f VALIDATE CONSTRAINT "lat E";
      ALTER TABLE f VALIDATE CONSTRAINT low;
    `,
    verdict: "proved",
  },
];

const NOT_NULLS: readonly Situation[] = [
  {
    name: "NOT NULL of a partitioned table, validated partition by partition",
    sql: `
      CREATE TABLE p (a int, d int) PARTITION BY LIST (d);
      CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
      CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
      INSERT INTO p VALUES (5, 1), (NULL, 2);
      ALTER TABLE p ADD CONSTRAINT nn NOT NULL a NOT VALID;
      ALTER TABLE p1 VALIDATE CONSTRAINT nn;
      CREATE TABLE p3 PARTITION OF p FOR VALUES IN (3);
    `,
    verdict: "proved",
  },
  {
    name: "the same by inheritance, over two levels, with an own name below",
    sql: `
      CREATE TABLE p (a int, b int);
      CREATE TABLE c (CONSTRAINT mine NOT NULL b) INHERITS (p);
      CREATE TABLE d () INHERITS (c);
      INSERT INTO p VALUES (NULL, 1);
      ALTER TABLE p ADD CONSTRAINT ann NOT NULL a NOT VALID;
      ALTER TABLE d VALIDATE CONSTRAINT ann;
      CREATE TABLE e () INHERITS (p);
    `,
    verdict: "proved",
  },
];

const RIGHTS = [
  "REVOKE ALL ON SCHEMA public FROM PUBLIC",
  "GRANT ALL ON SCHEMA public TO PUBLIC",
  "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
  "GRANT CREATE ON SCHEMA public TO PUBLIC; REVOKE USAGE ON SCHEMA public FROM PUBLIC",
];

describe.each([
  ["15.20", 0, []],
  ["18.6", 1, NOT_NULLS],
] as const)("PostgreSQL %s", (version, way, further) => {
  const share = { way, ways: 2 };
  const name = (situation: Situation): string => situation.name;
  const checks = casesInTurn(`inherited checks on ${version}`, CHECKS, { every: 1, kind: name, share });
  let cluster: Cluster;
  let vault: Vault;
  beforeAll(async () => {
    cluster = await startCluster({ installation: await server(version) });
    vault = await Vault.make();
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  it.each([...checks, ...further])("$name", (situation) => holdSituation(situation, cluster, vault));

  it.each(casesInTurn(`rights on public on ${version}`, RIGHTS, { every: 1, kind: String, share }))(
    "%s comes back, in place too, where `public` is made again",
    (sql) =>
      holdSituation(
        { name: sql, sql: `${sql}; CREATE TABLE public.t (a int)`, verdict: "proved" },
        cluster,
        vault,
      ),
  );
});
