import { describe, expect, it } from "@jest/globals";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../../../src/kernel/streams.ts";
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

  it("keeps the packages for the month and system", async () => {
    const first = machine(() => undefined);
    await first.installer.install(18);
    expect([...first.kept]).toEqual([KEY]);
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

describe("packages that a cache gives back", () => {
  const NAME = "postgresql-client-18_18.1-1.pgdg24.04+2_amd64.deb";
  const LIBRARY = "libpq5_18.1-1.pgdg24.04+2_amd64.deb";
  const printed = (hashes: Record<string, string>): string =>
    `Reading package lists...\n${Object.entries(hashes)
      .map(([name, hash]) => `'http://apt.postgresql.org/pool/${name}' ${name} 1234 SHA256:${hash}`)
      .join("\n")}\n`;

  /** Installs on a machine whose cache gives these files back; says what lay there when apt installed. */
  async function install(cached: Record<string, string>, listed: Record<string, string>) {
    const root = await mkdtemp(join(tmpdir(), "kept-packages-"));
    const folder = join(root, "holdfast-postgresql-client-18");
    const lines: string[] = [];
    const warnings: string[] = [];
    let found: readonly string[] = [];
    let keeps = 0;
    const toolkit: InstallToolkit = {
      async run(program, args) {
        const line = [program, ...args].join(" ");
        lines.push(line);
        if (line.includes("--print-uris")) return { exitCode: 0, output: printed(listed) };
        if (line.includes("APT::Keep-Downloaded-Packages")) {
          found = existsSync(folder) ? (await readdir(folder)).toSorted() : [];
        }
        return { exitCode: 0, output: line === "id -u" ? "0\n" : "" };
      },
      async restore() {
        await mkdir(join(folder, "partial"), { recursive: true });
        for (const [name, bytes] of Object.entries(cached)) await writeFile(join(folder, name), bytes);
        return true;
      },
      keep: () => Promise.resolve(void (keeps += 1)),
    };
    try {
      await aptClientTools({
        log: { ...silent, warn: (text: string) => void warnings.push(text) },
        env: { RUNNER_TEMP: root },
        now: () => new Date("2026-11-23T04:00:00Z"),
        toolkit,
      }).install(18);
    } finally {
      await rm(root, { recursive: true });
    }
    return { lines, warnings, found, keeps };
  }

  it("are used where apt's lists, fetched just now, name these very bytes", async () => {
    const { lines, warnings, found, keeps } = await install(
      { [NAME]: "client", [LIBRARY]: "library" },
      { [NAME]: sha256("client"), [LIBRARY]: sha256("library") },
    );
    expect(found).toEqual([LIBRARY, NAME].toSorted());
    expect([warnings, keeps]).toEqual([[], 0]);
    const place = (words: string): number => lines.findIndex((line) => line.includes(words));
    expect(place("apt-get -q update")).toBeLessThan(place("--print-uris"));
    expect(lines.join("\n")).not.toContain("dpkg");
  });

  it("are thrown away where one of them is another, and that is told", async () => {
    const { warnings, found, keeps } = await install(
      { [NAME]: "cuckoo", [LIBRARY]: "library" },
      { [NAME]: sha256("client"), [LIBRARY]: sha256("library") },
    );
    expect(found).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(NAME)]);
    expect(keeps).toBe(1);
  });

  it("are no more than what the lists name: nothing older, and nothing besides", async () => {
    const { warnings, found } = await install(
      { [NAME]: "client", "evil_1.0_all.deb": "evil", "libpq5_18.0-1_amd64.deb": "older" },
      { [NAME]: sha256("client"), [LIBRARY]: sha256("library") },
    );
    expect([warnings, found]).toEqual([[], [NAME]]);
  });

  it("are none where apt names none", async () => {
    const { found, keeps } = await install({ [NAME]: "client" }, {});
    expect([found, keeps]).toEqual([[], 0]);
  });
});
