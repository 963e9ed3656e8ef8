import { describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { eventually, scratchFolder } from "../support/tools.ts";
import { NODE, ROOT } from "../e2e/runner.ts";

const PATIENCE_MS = 170_000;

interface Told {
  readonly code: number | null;
  readonly text: string;
}

/**
 * Tells the demo with a temporary folder of its own, so that whatever it might leave behind can be found.
 *
 * @param at calls `then` once as soon as this text was printed
 */
async function tell(folder: string, options: { readonly at?: string; readonly then?: (pid: number) => void } = {}): Promise<Told> {
  // As the system's own temporary folder is: PostgreSQL, started by root, runs as somebody else and makes and removes its folder itself.
  chmodSync(folder, 0o1777);
  const env = { ...process.env, TMPDIR: folder, HOLDFAST_TEST_POSTGRES: "" };
  const child = spawn(NODE, ["--disable-warning=ExperimentalWarning", join(ROOT, "scripts/demo.ts")], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let waiting = options.at !== undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (!waiting || !text.includes(options.at ?? "")) return;
      waiting = false;
      options.then?.(child.pid!);
    });
  }
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, text }));
  });
}

/** Processes that know of the folder: by their environment, arguments or working folder. */
function processesOf(folder: string): { readonly pid: number; readonly command: string }[] {
  const read = (look: () => string): string => {
    try {
      return look();
    } catch {
      return "";
    }
  };
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid).flatMap((name) => {
    const command = read(() => readFileSync(`/proc/${name}/cmdline`, "utf8")).replaceAll("\0", " ");
    const known = [command, read(() => readFileSync(`/proc/${name}/environ`, "utf8")), read(() => readlinkSync(`/proc/${name}/cwd`))];
    return known.some((text) => text.includes(folder)) ? [{ pid: Number(name), command }] : [];
  });
}

async function expectNothingLeft(folder: string): Promise<void> {
  expect(readdirSync(folder)).toEqual([]);
  // A process that was told to end may need a moment more.
  await eventually("every process of the demo to end", () => processesOf(folder).length === 0, 5_000).catch(() => undefined);
  expect(processesOf(folder)).toEqual([]);
}

describe("npm run demo", () => {
  it("backs up, proves, destroys, compares and restores, and leaves nothing behind", async () => {
    await using folder = scratchFolder("demo");
    const { code, text } = await tell(folder.path);
    expect(text).toMatch(/1\/9 [^]*9\/9 [^]*✔ every table is as it was/);
    expect(text).toContain("unverified: never validated");
    expect(text.match(/✔ backup \S+ proved in/g)).toHaveLength(2);
    expect(text).toMatch(/shop\.orders +22,000 +22,000 +holds 22,000 rows as the source did, but their content differs/);
    expect(text).toMatch(/shop\.order_items +54,924 +– +is missing/);
    expect(text).toMatch(/shop\.customers +6,000 +6,000 +as it was/);
    expect(text).toContain("(database.not-empty, exit code 7)");
    expect(text).toMatch(/proved database \(RTO\) +\d/);
    expect(code).toBe(0);
    // Not a terminal: no colours, no cursor movements. And no secrets anywhere.
    expect(text).not.toContain("\u001B");
    expect(text).not.toMatch(/AGE-SECRET-KEY|AccountKey=|postgresql:\/\/[^ ]*:[^ ]*@/);
    await expectNothingLeft(folder.path);
  }, PATIENCE_MS);

  it("stops everything on Ctrl-C in the middle of a validation, when three servers are running", async () => {
    await using folder = scratchFolder("demo");
    let during = 0;
    const { code, text } = await tell(folder.path, {
      at: "▸ starting a private PostgreSQL server",
      then: (pid) => {
        during = processesOf(folder.path).length;
        process.kill(pid, "SIGINT");
      },
    });
    expect(during).toBeGreaterThan(3);
    expect(code).toBe(130);
    expect(text).toContain("SIGINT: stopping everything");
    expect(text).not.toContain("7/9");
    await expectNothingLeft(folder.path);
  }, PATIENCE_MS);

  it("leaves nothing behind even when it is told twice and has no time to tidy up", async () => {
    await using folder = scratchFolder("demo");
    const { code } = await tell(folder.path, {
      at: "$ holdfast backup",
      then: (pid) => {
        process.kill(pid, "SIGTERM");
        setTimeout(() => process.kill(pid, "SIGTERM"), 5);
      },
    });
    expect(code).toBe(143);
    // The servers' guardians tidy up after us.
    await eventually("the guardians to remove the folders", () => readdirSync(folder.path).length === 0, 10_000).catch(() => undefined);
    await expectNothingLeft(folder.path);
  }, PATIENCE_MS);

  it("fails loudly, and still tidies up, when something is not as promised", async () => {
    await using folder = scratchFolder("demo");
    const { code, text } = await tell(folder.path, {
      // The store goes away just before it matters most.
      at: "▸ writing the manifest",
      then: () => {
        const azurite = processesOf(folder.path).find(({ command }) => command.includes("azurite") && command.includes("--blobPort") && !command.includes("/bin/sh"));
        process.kill(azurite!.pid, "SIGKILL");
      },
    });
    expect(text).toContain("✘ the demo failed: ");
    expect(text).not.toContain("every table is as it was");
    expect(code).toBe(1);
    await expectNothingLeft(folder.path);
  }, PATIENCE_MS);
});
