import { describe, expect, it } from "@jest/globals";
import { readdirSync } from "node:fs";
import { eventually, scratchFolder } from "../../support/tools.ts";
import {
  expectMigrationsTold,
  expectNothingLeft,
  expectProjectTold,
  expectReleaseTold,
  PATIENCE_MS,
  processesOf,
  tell,
} from "./telling.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

describe("npm run demo", () => {
  const onCtrlC = testInTurn("a demo on Ctrl-C", 2);

  it(
    "backs up, proves, destroys, compares and restores, and leaves nothing behind",
    async () => {
      await using folder = scratchFolder("demo");
      const { code, text } = await tell(folder.path);
      expect(text).toMatch(/Chapter 1: [^]*1\/9 [^]*9\/9 [^]*✔ every table is as it was/);
      expect(text).toContain("unverified: never validated");
      expect(text.match(/✔ backup \S+ proved in/g)).toHaveLength(3);
      expect(text).toMatch(
        /shop\.orders +22,000 +22,000 +holds 22,000 rows as the source did, but columns? [a-z_, ]+ differs?/,
      );
      expect(text).toMatch(/shop\.order_items +54,924 +– +is missing/);
      expect(text).toMatch(/shop\.customers +6,000 +6,000 +as it was/);
      expect(text).toContain("(database.not-empty, exit code 7)");
      expect(text).toMatch(/proved database \(RTO\) +\d/);
      expectProjectTold(text);
      expectMigrationsTold(text);
      expectReleaseTold(text);
      expect(code).toBe(0);
      // Not a terminal: no colours, no cursor movements. And no secrets anywhere.
      expect(text).not.toContain("\u001B");
      expect(text).not.toMatch(/AGE-SECRET-KEY|AccountKey=|postgresql:\/\/[^ :]*:[^ @]*@/);
      await expectNothingLeft(folder.path);
    },
    PATIENCE_MS,
  );

  onCtrlC(
    "stops everything on Ctrl-C in the middle of a validation, when three servers are running",
    async () => {
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
    },
    PATIENCE_MS,
  );

  onCtrlC(
    "stops the project's servers too, on Ctrl-C in the middle of its restore",
    async () => {
      await using folder = scratchFolder("demo");
      const { code, text } = await tell(folder.path, {
        at: "▸ replacing what is the user's, in one transaction",
        then: (pid) => void process.kill(pid, "SIGINT"),
      });
      expect(code).toBe(130);
      expect(text).toContain("SIGINT: stopping everything");
      expect(text).not.toContain("5/5");
      await expectNothingLeft(folder.path);
    },
    PATIENCE_MS,
  );

  it(
    "leaves nothing behind even when it is told twice and has no time to tidy up",
    async () => {
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
      await eventually(
        "the guardians to remove the folders",
        () => readdirSync(folder.path).length === 0,
        10_000,
      ).catch(() => undefined);
      await expectNothingLeft(folder.path);
    },
    PATIENCE_MS,
  );

  it(
    "fails loudly, and still tidies up, when something is not as promised",
    async () => {
      await using folder = scratchFolder("demo");
      const { code, text } = await tell(folder.path, {
        // The store goes away just before it matters most.
        at: "▸ writing the manifest",
        then: () => {
          const azurite = processesOf(folder.path).find(
            ({ command }) =>
              command.includes("azurite") && command.includes("--blobPort") && !command.includes("/bin/sh"),
          );
          process.kill(azurite!.pid, "SIGKILL");
        },
      });
      expect(text).toContain("✘ the demo failed: ");
      expect(text).not.toContain("every table is as it was");
      expect(code).toBe(1);
      await expectNothingLeft(folder.path);
    },
    PATIENCE_MS,
  );
});
