import { expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { Holder, sweep } from "../../../src/schema/shadow/leftovers.ts";
import { shadowName } from "../../../src/schema/shadow/prefix.ts";
import { createDatabase, sharedServer } from "../../support/postgres.ts";
import { eventually } from "../../support/tools.ts";
import { testPorts } from "../../support/test-ports.ts";

const host = (): ReturnType<typeof postgresDatabase> =>
  postgresDatabase(sharedServer().address("postgres", "postgres"));

it("a shadow database is held as long as it is wanted, also where the session is lost", async () => {
  await using database = await createDatabase();
  const [first, second] = ["holdfast_shadow_held_1", "holdfast_shadow_held_2"] as const;
  const held = async (): Promise<unknown[]> =>
    await database.admin(
      "SELECT pid, objid::bigint AS key FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = $1 " +
        "AND objid::bigint IN (SELECT hashtext(name)::bigint & 4294967295 FROM unnest($2::text[]) AS name)",
      [0x68_66_73_68, [first, second]],
    );
  const holder = new Holder(host());
  await Promise.all([holder.hold(first), holder.hold(second), holder.hold(first)]);
  expect(await held()).toHaveLength(2);
  await holder.release(first);
  const [left, ...more] = (await held()) as { pid: number }[];
  expect(more).toEqual([]);
  await database.admin("SELECT pg_terminate_backend($1)", [left!.pid]);
  await eventually("another session to hold it", async () => {
    const rows = (await held()) as { pid: number }[];
    return rows.length === 1 && rows[0]!.pid !== left!.pid;
  });
  await holder[Symbol.asyncDispose]();
  await eventually("nobody to hold it", async () => (await held()).length === 0);
});

it("a shadow database that is held is not swept, however old its name says that it is", async () => {
  const old = shadowName(new Date("2020-01-01T00:00:00Z"), { hex: (bytes) => "ab".repeat(bytes) });
  await using database = await createDatabase();
  const there = async (): Promise<number> =>
    (await database.admin("SELECT FROM pg_database WHERE datname = $1", [old])).length;
  const swept = async (): Promise<void> => {
    await using admin = await host().connect({ purpose: "shadow" });
    await sweep(admin, "the server", testPorts());
  };
  await using holder = new Holder(host());
  await holder.hold(old);
  await database.admin(`CREATE DATABASE "${old}"`);
  await swept();
  expect(await there()).toBe(1);
  await holder.release(old);
  await swept();
  expect(await there()).toBe(0);
});

it("a role of a killed run that may log in by now stays, and is told with both ways on", async () => {
  await using database = await createDatabase();
  const gone = shadowName(new Date("2020-01-01T00:00:00Z"), { hex: (bytes) => "cd".repeat(bytes) });
  const role = "hf_swept_entered";
  await database.admin(`CREATE ROLE ${role} LOGIN; ALTER ROLE ${role} SET application_name = '${gone}'`);
  const ports = testPorts();
  await using admin = await host().connect({ purpose: "shadow" });
  await sweep(admin, "the server", ports);
  expect(ports.lines.filter((line) => line.includes(role))).toEqual([
    `warn: the role "${role}", which an earlier run had left on the server, may log in by now, or has ` +
      `members or sessions, so it stays: DROP ROLE "${role}" if nobody needs it, ` +
      `ALTER ROLE "${role}" RESET application_name if somebody does`,
  ]);
  expect(await database.admin("SELECT FROM pg_roles WHERE rolname = $1", [role])).toHaveLength(1);
  await database.admin(`DROP ROLE ${role}`);
});
