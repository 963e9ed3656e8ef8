import { describe, expect, it } from "@jest/globals";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemDisk } from "../../../src/adapters/system/disk.ts";
import { runKeygen } from "../../../src/backups/keygen/run.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import { run, runOk, scratchFolder } from "../../support/tools.ts";

function ports(surface: "cli" | "action" = "cli"): { ports: Ports; masked: string[] } {
  const masked: string[] = [];
  const clock = { now: () => new Date("2026-11-23T04:05:06.789Z") };
  return {
    masked,
    ports: {
      surface,
      clock,
      disk: systemDisk(),
      mask: (secret: string) => masked.push(secret),
    } as unknown as Ports,
  };
}

describe("a new key", () => {
  it("is one the age program encrypts to and decrypts with", async () => {
    await using folder = scratchFolder("keygen");
    const identityFile = join(folder.path, "identity.txt");
    const outcome = await runKeygen({ output: identityFile, kit: undefined }, ports().ports);
    const recipient = outcome.outputs["recipient"] as string;
    const sealed = join(folder.path, "x.age");
    await runOk("age", ["--recipient", recipient, "--output", sealed], { input: "the data" });
    expect(await runOk("age", ["--decrypt", "--identity", identityFile, sealed])).toBe("the data");
    expect(readFileSync(identityFile, "utf8")).toMatch(
      /^# created: 2026-11-23T04:05:06Z\n# public key: age1[0-9a-z]{58}\nAGE-SECRET-KEY-1[0-9A-Z]{58}\n$/,
    );
    expect(await runOk("age-keygen", ["-y", identityFile])).toBe(`${recipient}\n`);
    expect(statSync(identityFile).mode & 0o777).toBe(0o600);
  });

  it("is another one every time", async () => {
    const [first, second] = [
      await runKeygen({ output: undefined, kit: undefined }, ports().ports),
      await runKeygen({ output: undefined, kit: undefined }, ports().ports),
    ];
    expect(first.outputs["recipient"]).not.toBe(second.outputs["recipient"]);
  });

  it("is the product on the command line when no file is asked for, and never otherwise", async () => {
    const shown = await runKeygen({ output: undefined, kit: undefined }, ports().ports);
    expect(shown.product).toContain(shown.outputs["identity"]);
    await using folder = scratchFolder("keygen");
    const written = await runKeygen({ output: join(folder.path, "id"), kit: undefined }, ports().ports);
    expect(written).not.toHaveProperty("product");
    expect(JSON.stringify(written)).not.toContain("AGE-SECRET-KEY");
  });

  it("is refused in Actions without a file, and masked with one", async () => {
    await expect(
      runKeygen({ output: undefined, kit: undefined }, ports("action").ports),
    ).rejects.toMatchObject({ code: "input.missing", exitCode: 2 });
    await using folder = scratchFolder("keygen");
    const { ports: surroundings, masked } = ports("action");
    await runKeygen({ output: join(folder.path, "id"), kit: undefined }, surroundings);
    expect(readFileSync(join(folder.path, "id"), "utf8")).toContain(masked[0] ?? "nothing was masked");
  });

  it.each([
    ["an existing file", "taken"],
    ["a missing folder", "missing/id"],
    ["a folder", "."],
  ])("is not written over or into %s", async (_, name) => {
    await using folder = scratchFolder("keygen");
    writeFileSync(join(folder.path, "taken"), "precious");
    const writing = runKeygen({ output: join(folder.path, name), kit: undefined }, ports().ports);
    await expect(writing).rejects.toMatchObject({
      code: "input.malformed",
      message: expect.stringContaining("cannot be written"),
    });
    expect(readFileSync(join(folder.path, "taken"), "utf8")).toBe("precious");
  });

  it("is not mixed up with its kit", async () => {
    await expect(runKeygen({ output: "same", kit: "same" }, ports().ports)).rejects.toMatchObject({
      code: "input.conflict",
    });
    expect(existsSync("same")).toBe(false);
  });
});

describe("the recovery kit", () => {
  it("holds no secret, names key and day, and its commands bring the data back as they stand", async () => {
    await using folder = scratchFolder("keygen");
    const kitFile = join(folder.path, "kit.md");
    const { outputs } = await runKeygen(
      { output: join(folder.path, "identity.txt"), kit: kitFile },
      ports().ports,
    );
    const kit = readFileSync(kitFile, "utf8");
    expect(kit).not.toMatch(/AGE-SECRET-KEY-1[0-9A-Z]/);
    expect(kit).toContain("2026-11-23");
    const recipient = /^ {4}(age1\S+)$/m.exec(kit)?.[1] ?? "";
    expect(recipient).toBe(outputs["recipient"]);

    const plain = "PGDMP and so on\n".repeat(1000);
    await runOk(
      "sh",
      ["-c", `zstd -q --stdout | age --recipient ${recipient} --output backup.dump.zst.age`],
      { cwd: folder.path, input: plain },
    );
    const commands = (/```sh\n([\s\S]*?)```/.exec(kit)?.[1] ?? "").trim().split("\n");
    expect(commands.map((command) => command.split(" ")[0])).toEqual(["age", "zstd", "pg_restore"]);
    // pg_restore is played by a program that shows what it was given: whole restores are tested where
    // databases are.
    const shell = `pg_restore() { printf '%s\\n' "$@"; }; set -e; ${commands.join("; ")}`;
    const said = await run("sh", ["-c", shell], {
      cwd: folder.path,
      env: { PATH: process.env["PATH"], TARGET: "postgresql://me@host/db" },
    });
    expect(said.stdout.trim().split("\n")).toEqual([
      "--no-owner",
      "--no-privileges",
      "--dbname",
      "postgresql://me@host/db",
      "backup.dump",
    ]);
    expect(said.code).toBe(0);
    expect(readFileSync(join(folder.path, "backup.dump"), "utf8")).toBe(plain);
  });
});
