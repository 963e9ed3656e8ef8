import { describe, expect, it } from "@jest/globals";
import { aptClientTools, type InstallToolkit } from "../../../src/adapters/actions-runner/client-tools.ts";

type Answer = { exitCode: number; output: string };
const ok: Answer = { exitCode: 0, output: "" };
const silent = {
  stage: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  debug: () => undefined,
  progress: () => ({ add: () => undefined, done: () => undefined }),
};

/** A machine on which every program succeeds unless the test says otherwise. */
function machine(answers: (line: string) => Answer | undefined, kept = new Set<string>(), broken = false) {
  const lines: string[] = [];
  const toolkit: InstallToolkit = {
    run: (program, args) => {
      const line = [program, ...args].join(" ");
      lines.push(line);
      if (line === "id -u") return Promise.resolve(answers(line) ?? { exitCode: 0, output: "1001\n" });
      if (line.includes("/etc/os-release")) {
        return Promise.resolve({ exitCode: 0, output: "ubuntu-24.04-x86_64" });
      }
      return Promise.resolve(answers(line) ?? ok);
    },
    restore: (_, key) =>
      broken ? Promise.reject(new Error("cache service is down")) : Promise.resolve(kept.has(key)),
    keep: (_, key) =>
      broken ? Promise.reject(new Error("cache service is down")) : Promise.resolve(void kept.add(key)),
  };
  const installer = aptClientTools({
    log: silent,
    env: { RUNNER_TEMP: "/tmp/runner" },
    now: () => new Date("2026-11-23T04:00:00Z"),
    toolkit,
  });
  return { lines, installer, kept };
}

const KEY = "holdfast-postgresql-client-18-ubuntu-24.04-x86_64-2026-11";

describe("installing PostgreSQL's client on a runner", () => {
  it("adds the PostgreSQL project's repository only where the distribution lacks the package", async () => {
    const unknown = machine((line) =>
      line.startsWith("apt-cache") ? { exitCode: 100, output: "" } : undefined,
    );
    await unknown.installer.install(18);
    expect(unknown.lines.join("\n")).toContain(
      "sudo --non-interactive /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y",
    );
    const known = machine(() => undefined);
    await known.installer.install(18);
    expect(known.lines.join("\n")).not.toContain("apt.postgresql.org.sh");
    expect(
      known.lines.find((line) => line.includes("install --yes") && line.endsWith("postgresql-client-18")),
    ).toContain("Dir::Cache::archives=/tmp/runner/holdfast-postgresql-client-18");
  });

  it("keeps the packages for the month and system, and needs no network the next time", async () => {
    const first = machine(() => undefined);
    await first.installer.install(18);
    expect([...first.kept]).toEqual([KEY]);
    const second = machine(() => undefined, first.kept);
    await second.installer.install(18);
    expect(second.lines.some((line) => line.includes("dpkg --install"))).toBe(true);
    expect(second.lines.some((line) => line.includes("apt-get"))).toBe(false);
  });

  it("installs afresh when the kept packages do not fit or the cache cannot be asked", async () => {
    const misfit = machine(
      (line) =>
        line.includes("dpkg --install") ? { exitCode: 1, output: "dependency problems" } : undefined,
      new Set([KEY]),
    );
    await misfit.installer.install(18);
    expect(misfit.lines.some((line) => line.includes("apt-get"))).toBe(true);
    const down = machine(() => undefined, new Set(), true);
    await expect(down.installer.install(18)).resolves.toBeUndefined();
  });

  it("does without sudo when it is root", async () => {
    const root = machine((line) => (line === "id -u" ? { exitCode: 0, output: "0\n" } : undefined));
    await root.installer.install(17);
    expect(root.lines.some((line) => line.includes("sudo"))).toBe(false);
  });

  it("fails with tool.missing, the program's last words and a way out", async () => {
    const broken = machine((line) =>
      line.endsWith("apt-get -q update")
        ? { exitCode: 100, output: "Err:1\nE: Unable to fetch some archives" }
        : undefined,
    );
    await expect(broken.installer.install(18)).rejects.toMatchObject({
      code: "tool.missing",
      message: expect.stringContaining("E: Unable to fetch some archives"),
      hint: expect.stringContaining("postgresql-client-18"),
    });
  });
});
