import { readFileSync } from "node:fs";
import { quoteIdentifier } from "../../src/postgres/quoting.ts";
import type { PrivatePostgres } from "./private-postgres.ts";

/** The demo's database, and what its owner knows about it. */
export const SHOP = { database: "shop", owner: "shop_owner" } as const;

/** A table as PostgreSQL alone sees it: the judge that owes nothing to Holdfast. */
export interface Digest {
  readonly table: string;
  readonly rows: number;
  /** MD5 over all rows as text, sorted. */
  readonly md5: string;
}

/**
 * Makes the owner (no superuser, as on a managed service), two roles for grants and policies, and the
 * filled database.
 *
 * @param password of the owner; hexadecimal digits
 */
export async function buildShop(postgres: PrivatePostgres, password: string): Promise<void> {
  await postgres.sql(
    "postgres",
    `
      CREATE ROLE ${SHOP.owner} LOGIN CREATEDB PASSWORD '${password}';
      CREATE ROLE shop_customer;
      CREATE ROLE reporting
    `,
  );
  await postgres.sql("postgres", `CREATE DATABASE ${SHOP.database} OWNER ${SHOP.owner}`);
  await asOwner(postgres, script("shop.sql"));
  await postgres.sql(SHOP.database, "ANALYZE");
}

/** Rows quietly changed, a table dropped. */
export async function disaster(postgres: PrivatePostgres): Promise<void> {
  await asOwner(postgres, script("disaster.sql"));
}

/** Every table and materialized view of the shop, in the order of names. */
export async function digests(postgres: PrivatePostgres): Promise<Digest[]> {
  const tables = await postgres.sql(
    SHOP.database,
    `
      SELECT relname AS name
        FROM pg_class
       WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'm')
       ORDER BY relname
    `,
  );
  const found: Digest[] = [];
  for (const { name } of tables) {
    const from = `shop.${quoteIdentifier(String(name))} AS t`;
    const [row] = await postgres.sql(
      SHOP.database,
      "SELECT count(*)::int AS rows, md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")) " +
        `AS md5 FROM ${from}`,
    );
    found.push({ table: String(name), rows: Number(row?.["rows"]), md5: String(row?.["md5"]) });
  }
  return found;
}

async function asOwner(postgres: PrivatePostgres, sql: string): Promise<void> {
  await postgres.sql(SHOP.database, `SET SESSION AUTHORIZATION ${quoteIdentifier(SHOP.owner)};\n${sql}`);
}

function script(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}
