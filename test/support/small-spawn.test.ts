import { describe, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** What a program has left, in the order in which it was told. */
interface Left {
  readonly out: string;
  readonly said: string;
  readonly told: readonly string[];
}

/** @param prefix in front of git's own path, so that Node starts it itself */
async function left(
  words: readonly string[],
  {
    input = "",
    cwd = "/",
    signal,
    env,
  }: { input?: string; cwd?: string; signal?: AbortSignal; env?: Record<string, string> } = {},
  file = "git",
): Promise<Left> {
  const child = spawn(file, words, {
    cwd,
    stdio: ["pipe", "pipe", "pipe"],
    ...(signal === undefined ? {} : { signal }),
    ...(env === undefined ? {} : { env }),
  });
  const told: string[] = [];
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.on("error", ({ name, ...error }: NodeJS.ErrnoException) => told.push(`error ${error.code ?? name}`));
  child.on("exit", (code, ended) => told.push(`exit ${String(code ?? ended)}`));
  child.on("close", (code, ended) => told.push(`close ${String(code ?? ended)}`));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [out, said] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { out, said, told };
}

describe("git that a small process starts", () => {
  test("is started by it, and not by this process", async () => {
    const child = spawn("git", ["--version"], { stdio: ["pipe", "pipe", "pipe"] });
    expect(child.constructor.name).toBe("SmallChild");
    child.stdin.end();
    expect(await text(child.stdout)).toMatch(/^git version /);
  });

  // `env` starts git by the same path as ours, and Node starts `env`.
  const cases: readonly [string, readonly string[], string][] = [
    ["an answer", ["hash-object", "--stdin"], "some text"],
    ["a refusal", ["rev-parse", "--verify", "no-such-thing"], ""],
    ["a wrong word", ["no-such-command"], ""],
    ["a megabyte each way", ["stripspace"], "a line of text that is kept\n".repeat(40_000)],
    ["what is never read", ["--version"], "x".repeat(1 << 20)],
  ];
  test.each(cases)("leaves what Node's own does: %s", async (_, words, input) => {
    const folder = mkdtempSync(join(tmpdir(), "hf-small-spawn-"));
    try {
      const small = await left(words, { input, cwd: folder });
      expect(small).toEqual(await left(["git", ...words], { input, cwd: folder }, "env"));
      expect(small.told).toHaveLength(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("that is not there is told as Node tells it", async () => {
    const env = { PATH: "/nonexistent" };
    const { told } = await left(["--version"], { env });
    expect(told[0]).toBe("error ENOENT");
    expect((await left([], { env }, "no-such-program")).told[0]).toBe("error ENOENT");
  });

  test("ends where it is stopped", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    // It waits for its input, which never ends.
    const child = spawn("git", ["hash-object", "--stdin"], {
      stdio: ["pipe", "pipe", "pipe"],
      signal: stop.signal,
    });
    const told: string[] = [];
    child.on("error", ({ name }) => told.push(name));
    await new Promise<void>((resolve) =>
      child.on("close", (code, signal) => {
        told.push(String(code ?? signal));
        resolve();
      }),
    );
    expect(told).toEqual(["AbortError", "SIGTERM"]);
  });

  test("runs beside others, and none hears another's answer", async () => {
    const inputs = Array.from({ length: 20 }, (_, at) => `text ${at}\n`);
    const all = await Promise.all(inputs.map((input) => left(["stripspace"], { input })));
    expect(all.map(({ out }) => out)).toEqual(inputs);
  });
});
