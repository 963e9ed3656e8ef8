import { describe, expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CATALOG_TIERS, DEPTHS, KINDS, SOURCE_NAME, TIERS } from "../../src/nouns/catalog/manifest.ts";
import { backup } from "../../src/commands/backups/backup.ts";
import { MENU } from "../../src/commands/menu.ts";
import { validate } from "../../src/commands/backups/validate.ts";
import { choose } from "../../src/entry/cli/cli.ts";
import { commandHelp, fold, menuHelp } from "../../src/entry/cli/help.ts";
import { parseArgv } from "../../src/entry/inputs/argv.ts";

describe("the menu", () => {
  it("offers what the catalog knows, although it does not load it", () => {
    expect(backup.inputs.tier.choices).toEqual(TIERS);
    expect(backup.inputs.kinds.choices).toEqual(KINDS);
    expect(validate.inputs.tier.choices).toEqual(CATALOG_TIERS);
    expect(validate.inputs.depth.choices).toEqual(DEPTHS);
    expect(backup.inputs.source.pattern).toEqual(SOURCE_NAME);
  });

  it("has unique names in lower case for commands, inputs and outputs", () => {
    expect(new Set(MENU.map((command) => command.name)).size).toBe(MENU.length);
    for (const command of MENU) {
      for (const name of [command.name, ...Object.keys(command.inputs), ...Object.keys(command.outputs)]) {
        expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      }
    }
  });

  it("never hides a common flag or the file form of a secret behind an input", () => {
    for (const command of MENU) {
      // A release is deployed by its version, and nobody asks a deployment for that of Holdfast.
      const hasOwn = Object.hasOwn(command.inputs, "version");
      expect(hasOwn).toBe(command.name === "deploy");
      const { common, problems } = parseArgv(command.inputs, [
        "--json",
        "--verbose",
        "--no-color",
        "--help",
        ...(hasOwn ? [] : ["--version"]),
      ]);
      const told = { json: true, verbose: true, color: false, help: true };
      expect(common).toEqual(hasOwn ? told : { ...told, version: true });
      expect(problems).toEqual([]);
      for (const [name, spec] of Object.entries(command.inputs)) {
        if (spec.type === "secret") expect(command.inputs).not.toHaveProperty([`${name}-file`]);
      }
    }
  });

  it("takes no guard, and no choice of what is replaced, from the environment", () => {
    const explicit = MENU.flatMap((command) =>
      Object.entries(command.inputs)
        .filter(([, spec]) => spec.explicit === true)
        .map(([name]) => `${command.name} ${name}`),
    );
    expect(explicit.sort()).toEqual([
      "backup allow-unencrypted",
      "functions-deploy resume",
      "functions-rollback resume",
      "functions-rollback to",
      "init write",
      "migrate adopt",
      "migrate allow-late",
      "migrate baseline",
      "migrate confirm",
      "migrate-rollback allow-unencrypted",
      "migrate-rollback allow-unproved",
      "migrate-rollback confirm",
      "migrate-rollback from-backup",
      "migrate-rollback to",
      "migrate-rollback without-backup",
      "protect do",
      "restore allow-empty-views",
      "restore allow-gaps",
      "restore allow-unencrypted",
      "restore before",
      "restore confirm",
      "restore create-roles",
      "restore into",
      "restore mode",
      "restore no-owner",
      "restore no-privileges",
      "restore safety-backup",
      "restore tables",
      "restore what",
      "restore with-sessions",
      "rollback allow-unencrypted",
      "rollback allow-unproved",
      "rollback confirm",
      "rollback from-backup",
      "rollback functions-to",
      "rollback schema",
      "rollback without-backup",
      "rollback-app schema",
      "validate accept-gaps",
    ]);
    for (const command of MENU) {
      for (const spec of Object.values(command.inputs)) {
        if (spec.explicit === true) expect(spec.type).not.toBe("secret");
      }
    }
  });

  it("gives secrets no default and no pattern, which an error would have to repeat", () => {
    for (const command of MENU) {
      for (const spec of Object.values(command.inputs)) {
        if (spec.type === "secret") expect(spec).not.toHaveProperty("default");
      }
    }
  });

  it("has only inputs that make sense together: a required input has no default", () => {
    for (const command of MENU) {
      for (const spec of Object.values(command.inputs)) {
        if (spec.required === true) expect(spec).not.toHaveProperty("default");
      }
    }
  });
});

describe("help", () => {
  it("names every input of the command line, its default and its file form, within 100 columns", () => {
    for (const command of MENU) {
      const help = commandHelp(command);
      for (const [name, spec] of Object.entries(command.inputs)) {
        if (spec.only === "action") expect(help).not.toContain(`--${name}`);
        else expect(help).toContain(spec.type === "boolean" && spec.default ? `--no-${name}` : `--${name}`);
        if (spec.type === "secret") expect(help).toContain(`--${name}-file`);
      }
      const [options = ""] = help.split("\nExit codes");
      for (const line of options.split("\n").slice(1)) expect(line.length).toBeLessThanOrEqual(100);
    }
    expect(menuHelp(MENU, "1.2.3")).toContain("holdfast 1.2.3");
  });

  it("is found by every way people ask for it", () => {
    for (const argv of [
      ["backup", "--help"],
      ["backup", "-h"],
      ["help", "backup"],
      ["backup", "--tier", "nonsense", "--help"],
    ]) {
      expect(choose(argv)).toEqual({ text: commandHelp(backup) });
    }
    for (const argv of [["help"], ["--help"], ["-h"]]) {
      expect(choose(argv)).toEqual({ text: expect.stringContaining("Commands:") });
    }
  });

  it("is not printed instead of an error: no command, or one that does not exist, is an input error", () => {
    expect(() => choose([])).toThrow("no command was given");
    expect(() => choose(["valdate"])).toThrow("did you mean validate?");
    for (const [argv, message] of [
      [["setings", "--json"], "there is no command 'setings'; did you mean settings check?"],
      [["settings", "chek"], "there is no command 'settings chek'; did you mean settings check?"],
      [["setings", "check"], "there is no command 'setings check'; did you mean settings check?"],
      [["help", "releas", "plan"], "there is no command 'releas plan'; did you mean release plan?"],
      [["migrate-chek"], "there is no command 'migrate-chek'; did you mean migrate-check?"],
    ] as const) {
      expect(() => choose(argv)).toThrow(new RegExp(`^${message.replace("?", "\\?")}$`));
    }
    expect(() => choose(["setings", "postgresql://u:secret@h/db"])).not.toThrow(/secret/);
    expect(() => choose(["help", "nothing-like-it"])).toThrow("there is no command");
    expect(() => choose(["postgresql://u:secret@h/db"])).not.toThrow(/secret/);
  });

  it("lists the commands that begin with a word which stands alone, a line each", () => {
    const lines = MENU.filter(({ name }) => name.startsWith("release-")).map(({ name, summary }) =>
      expect.stringMatching(
        new RegExp(`^  release ${name.slice("release-".length)} +${summary.slice(0, 20)}`),
      ),
    );
    for (const argv of [
      ["release", "--help"],
      ["release", "--json", "-h"],
      ["help", "release"],
    ]) {
      const found = choose(argv) as { readonly text: string };
      expect(found.text.split("\n")).toEqual(expect.arrayContaining(lines));
      expect(found.text).not.toMatch(/^ {2}(?:hotfix|backup)/m);
    }
    for (const [word, first] of [
      ["release", "release plan"],
      ["hotfix", "hotfix start"],
      ["settings", "settings check"],
      ["pr", "pr policy"],
    ] as const) {
      for (const argv of [[word], [word, "--json"]]) {
        expect(() => choose(argv)).toThrow(
          expect.objectContaining({
            code: "input.missing",
            exitCode: 2,
            hint: expect.stringContaining(first),
          }),
        );
      }
    }
    // These are commands by themselves.
    expect(choose(["migrate"])).toMatchObject({ command: { name: "migrate" } });
    expect(choose(["protect", "--help"])).toEqual({ text: expect.stringContaining("holdfast protect:") });
  });

  it("folds text at spaces", () => {
    expect(fold("aaa bbb ccc", 8, "  ")).toBe("  aaa\n  bbb\n  ccc");
    expect(fold("a-very-long-word b", 5, "")).toBe("a-very-long-word\nb");
  });
});

it("hints only name options that exist", () => {
  const src = fileURLToPath(new URL("../../src", import.meta.url));
  const known = new Set(
    MENU.flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([name, spec]) => [
        name,
        `no-${name}`,
        ...(spec.type === "secret" ? [`${name}-file`] : []),
      ]),
    ),
  );
  // Common flags, the placeholder of the general hint, and options of createdb and az, whose lines are
  // spelt out.
  const others = ["help", "json", "verbose", "name", "host", "port", "template", "slot"];
  for (const other of others) known.add(other);
  const unknown: string[] = [];
  let seen = 0;
  for (const file of readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.startsWith("devtools/"),
  )) {
    for (const [, hint = ""] of readFileSync(join(src, file), "utf8").matchAll(
      /hint[:=]\s*(?:[^\s"`;][^"`;\n]*\? )?("[^"\n]*"|`[^`\n]*`)/g,
    )) {
      // Options of git are git's.
      for (const [, option = ""] of hint
        .replace(/`git [^`]*`/g, "")
        .matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)) {
        seen += 1;
        if (!known.has(option)) unknown.push(`${file}: --${option}`);
      }
    }
  }
  expect(seen).toBeGreaterThan(20);
  expect(unknown).toEqual([]);
});
