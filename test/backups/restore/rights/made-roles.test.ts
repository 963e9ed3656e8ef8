import { rmSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { applyRestore } from "../../../../src/backups/restore/apply.ts";
import { planRestore } from "../../../../src/backups/restore/plan.ts";
import { parseRestoreRequest } from "../../../../src/backups/restore/request/request.ts";
import type { RestorePlan } from "../../../../src/backups/restore/restore-plan.ts";
import type { HoldfastError } from "../../../../src/kernel/errors.ts";
import type { Ports } from "../../../../src/ports/ports.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../../support/postgres.ts";
import { restoreInputs } from "../../../scenarios/adversity/support.ts";
import { testPorts } from "../../../support/test-ports.ts";
import { Vault } from "../../../support/vault.ts";

/**
 * Roles are the server's and not the target's: what a failure says of the target must not hide that
 * some were made.
 */

let cluster: Cluster;
let vault: Vault;
let source: TestDatabase;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});
beforeEach(async () => {
  vault = await Vault.make();
  await cluster.admin("DROP ROLE IF EXISTS keeper, warden");
  await cluster.admin("CREATE ROLE keeper; CREATE ROLE warden");
  source = await cluster.createDatabase({ owner: "postgres" });
  await source.admin(`
    CREATE TABLE public.papers (id int);
    ALTER TABLE public.papers OWNER TO keeper;
    CREATE TABLE public.keys (id int);
    ALTER TABLE public.keys OWNER TO warden
  `);
  await vault.backup(source.adminUrl);
  await source.drop();
  await cluster.admin("DROP ROLE keeper; DROP ROLE warden");
});

async function planned(target: TestDatabase): Promise<RestorePlan> {
  const inputs = {
    ...restoreInputs(target.adminUrl, vault.identity, { createRoles: true }),
    store: vault.url,
  };
  return (await planRestore(await parseRestoreRequest(inputs, testPorts()), testPorts()))!;
}

async function failureOf(
  plan: RestorePlan,
  ports: Ports = testPorts(),
): Promise<HoldfastError & { hint: string }> {
  return await applyRestore(
    plan,
    () => Promise.reject(new Error("no safety backup of an empty target")),
    ports,
  ).then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => error as HoldfastError & { hint: string },
  );
}

/** As a store's lifecycle rule does. */
function removeBlob(): void {
  for (const blob of vault.files("database/")) rmSync(vault.path(blob));
}

async function made(): Promise<unknown[]> {
  const rows = await cluster.admin(
    "SELECT rolname::text AS name FROM pg_roles WHERE rolname IN ('keeper', 'warden') ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

describe("roles that a restore makes", () => {
  it("are not made where the backup is gone since the plan, also for an empty target", async () => {
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const plan = await planned(target);
    removeBlob();
    expect(await failureOf(plan)).toMatchObject({
      code: "artifact.missing",
      hint: expect.stringContaining("Nothing was changed: the target is as it was"),
    });
    expect(await made()).toEqual([]);
  });

  it("are named by a failure after they were made, which says that the target is as it was", async () => {
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const plan = await planned(target);
    const ports = testPorts();
    const info = (text: string): void => {
      if (text.startsWith("creating the roles ")) removeBlob();
    };
    const { code, hint } = await failureOf(plan, { ...ports, log: { ...ports.log, info } });
    expect([code, hint]).toEqual([
      "artifact.missing",
      expect.stringMatching(
        /as it was\. What stays .* are the roles that were made for it: (keeper, warden|warden, keeper)\.$/,
      ),
    ]);
    expect(await made()).toEqual(["keeper", "warden"]);
  });

  it("are all made or none", async () => {
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const plan = await planned(target);
    const { missingRoles } = plan.target;
    expect(missingRoles).toHaveLength(2);
    const second = missingRoles[1]!.name;
    await cluster.admin(`CREATE ROLE ${second}`);
    const { code, message, hint } = await failureOf(plan);
    expect([code, message, hint]).toEqual([
      "database.query",
      expect.stringMatching(/^creating the roles .*already exists/),
      expect.stringMatching(/Nothing was changed: the target is as it was\.$/),
    ]);
    expect(await made()).toEqual([second]);
  });
});
