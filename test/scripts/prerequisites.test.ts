import { describe, expect, it } from "@jest/globals";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../e2e/runner.ts";
import { versionedPackages } from "../../scripts/prerequisites/package-manager.ts";
import { run, scratchFolder } from "../support/tools.ts";

const DEPENDS = "postgresql\n  Depends: postgresql-15\npostgresql-client\n  Depends: postgresql-client-15\n";

/**
 * Runs the script with a package manager that only writes down what it is told, on a machine that has
 * no PostgreSQL.
 *
 * @param update exit code of `apt-get update`
 */
async function install(
  folder: string,
  update: number,
): Promise<{ code: number | null; told: string[]; stderr: string }> {
  const log = join(folder, "told");
  const program = (name: string, body: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  program("apt-get", `echo "apt-get $*" >>'${log}'; [ "$1" != update ] || exit ${update}`);
  program("apt-cache", `echo "apt-cache $*" >>'${log}'; printf '${DEPENDS.replaceAll("\n", "\\n")}'`);
  program("sudo", 'shift; exec "$@"');
  const script = join(ROOT, "scripts/prerequisites.ts");
  const env = { ...process.env, PATH: `${folder}:/usr/bin:/bin`, HOLDFAST_PG_BIN: join(folder, "nothing") };
  const { code, stderr } = await run(process.execPath, [script, "postgres"], { env });
  return { code, stderr, told: existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [] };
}

describe("scripts/prerequisites.ts", () => {
  it("installs the newest minor: fresh lists, then packages behind Debian's empty ones", async () => {
    await using folder = scratchFolder("prerequisites");
    const { told, code, stderr } = await install(folder.path, 0);
    expect(told).toEqual([
      "apt-get update -qq",
      "apt-cache depends --important postgresql postgresql-client",
      "apt-get install -y -qq --no-install-recommends postgresql postgresql-client postgresql-15 " +
        "postgresql-client-15",
    ]);
    // Nothing was really installed, and that is found out.
    expect(code).toBe(4);
    expect(stderr).toContain("Still missing: PostgreSQL");
    expect(stderr).not.toContain("could not be refreshed");
  });

  it("says that what it installs may be old when lists are not refreshed, and installs it", async () => {
    await using folder = scratchFolder("prerequisites");
    const { told, stderr } = await install(folder.path, 100);
    expect(stderr).toContain(
      "The package lists could not be refreshed: what is installed now may not be the newest.",
    );
    expect(told.at(-1)).toContain("apt-get install");
  });

  it("leaves a PostgreSQL that is there as it is, whatever its minor version", async () => {
    await using folder = scratchFolder("prerequisites");
    const env = { ...process.env, PATH: `${folder.path}:${process.env["PATH"]}` };
    writeFileSync(join(folder.path, "apt-get"), `#!/bin/sh\ntouch '${folder.path}/asked'\n`, { mode: 0o755 });
    const { code } = await run(process.execPath, [join(ROOT, "scripts/prerequisites.ts"), "postgres"], {
      env,
    });
    expect(code).toBe(0);
    expect(existsSync(join(folder.path, "asked"))).toBe(false);
  });

  it("takes only packages with a version from what apt-cache says", () => {
    expect(versionedPackages(DEPENDS)).toEqual(["postgresql-15", "postgresql-client-15"]);
    expect(
      versionedPackages("postgresql\n  Depends: postgresql-common\n |Depends: postgresql-9.6\n"),
    ).toEqual([]);
    expect(versionedPackages("N: Unable to locate package postgresql")).toEqual([]);
  });
});
