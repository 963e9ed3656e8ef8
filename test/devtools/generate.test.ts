import { describe, expect, it } from "@jest/globals";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { backup } from "../../src/commands/backups/backup.ts";
import type { Command } from "../../src/commands/define.ts";
import { keygen } from "../../src/commands/backups/keygen.ts";
import { MENU } from "../../src/commands/menu.ts";
import { checkExamples } from "../../src/devtools/generate/examples.ts";
import { fillSections, generatedFiles } from "../../src/devtools/generate/files.ts";
import { namedBy } from "../../src/devtools/generate/own-reference.ts";
import { cell } from "../../src/devtools/generate/tables.ts";
import { ERRORS } from "../../src/kernel/errors.ts";
import { scratchFolder } from "../support/tools.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const withExample = (cli: string, workflow = keygen.examples.workflow): Command => ({
  ...keygen,
  examples: { cli: [cli], workflow },
});

describe("what is generated from the menu", () => {
  it("is what stands in the repository, byte for byte", async () => {
    for (const [path, text] of await generatedFiles(root, MENU)) {
      expect({ path, text: readFileSync(join(root, path), "utf8") }).toEqual({ path, text });
    }
  });

  it("is the same every time, and says in its first line that it is generated", async () => {
    const [first, second] = [await generatedFiles(root, MENU), await generatedFiles(root, MENU)];
    expect([...second]).toEqual([...first]);
    const edited = [
      "README.md",
      "docs/formats.md",
      "docs/architecture.md",
      "docs/migrations.md",
      "docs/policy.md",
      "docs/settings.md",
    ];
    for (const [path, text] of first) {
      if (path.startsWith(".github/workflows/")) continue;
      if (!edited.includes(path)) expect(text.split("\n")[0]).toMatch(/[Gg]enerated by/);
    }
  });

  it("is an action.yml the runner accepts, with the same inputs for the root as for backup", async () => {
    const files = await generatedFiles(root, MENU);
    for (const command of MENU) {
      const action = parse(files.get(`actions/${command.name}/action.yml`) ?? "") as {
        description: string;
        inputs: Record<string, { default?: unknown; description: string }>;
        runs: Record<string, string>;
      };
      expect(Object.keys(action.inputs)).toEqual(
        Object.keys(command.inputs).filter((name) => command.inputs[name]?.only !== "cli"),
      );
      for (const input of Object.values(action.inputs)) expect(typeof (input.default ?? "")).toBe("string");
      expect(action.runs).toEqual({
        using: "node24",
        main: `../../dist/actions/${command.name}/main.js`,
        ...(command.cleansUp === true
          ? { post: `../../dist/actions/${command.name}/post.js`, "post-if": "always()" }
          : {}),
      });
      expect(action.description.length).toBeLessThan(125);
    }
    const [own, main] = [
      parse(files.get("action.yml") ?? ""),
      parse(files.get("actions/backup/action.yml") ?? ""),
    ];
    expect(own.inputs).toEqual(main.inputs);
    expect(own.outputs).toEqual(main.outputs);
    expect(own.runs.main).toBe("dist/actions/backup/main.js");
  });

  it("explains every error and every input, and is JSON Schema where it says so", async () => {
    const files = await generatedFiles(root, MENU);
    for (const code of Object.keys(ERRORS)) {
      expect(files.get("docs/reference/errors.md")).toContain(`| \`${code}\` |`);
    }
    for (const command of MENU) {
      const page = files.get(`docs/reference/${command.name}.md`) ?? "";
      for (const [name, spec] of Object.entries(command.inputs)) {
        if (spec.only !== "action") expect(page).toMatch(new RegExp(`^\\| \`--(no-)?${name}\``, "m"));
      }
      const schema = JSON.parse(files.get(`docs/reference/${command.name}.schema.json`) ?? "");
      expect(Object.keys(schema.properties.inputs.properties)).toEqual(Object.keys(command.inputs));
    }
    expect(JSON.parse(files.get("docs/reference/manifest.schema.json") ?? "").properties.format).toEqual({
      type: "string",
      enum: ["holdfast.manifest/1", "holdfast.manifest/2", "holdfast.manifest/3"],
    });
  });
});

describe("of a version, what is generated", () => {
  /** The repository as it would be at another version. */
  async function at(version: string): Promise<ReadonlyMap<string, string>> {
    await using folder = scratchFolder("version");
    for (const name of [".github", "docs", "src", "README.md", "walls.cjs"]) {
      symlinkSync(join(root, name), join(folder.path, name));
    }
    writeFileSync(join(folder.path, "package.json"), JSON.stringify({ version }));
    return await generatedFiles(`${folder.path}/`, MENU);
  }
  const refs = (text: string): string[] => [
    ...new Set([...text.matchAll(/truststream\/holdfast[\w./-]*@([\w.+-]+)/g)].map(([, ref]) => ref!)),
  ];

  it.each([
    ["0.0.0", "v1"],
    ["1.2.3", "v1.2.3"],
    ["1.3.0-rc.10", "v1.3.0-rc.10"],
  ])("%s names Holdfast by %s wherever a release runs or copies it", async (version, ref) => {
    const files = await at(version);
    expect(files.get("src/entry/process/version.ts")).toContain(`VERSION = "${version}"`);
    const workflows = [...files.keys()].filter((path) => path.startsWith(".github/workflows/"));
    expect(workflows.length).toBeGreaterThanOrEqual(8);
    for (const path of [
      ...workflows,
      "src/commands/configuration/workflows.ts",
      "actions/backup/README.md",
    ]) {
      const isCalled = path.endsWith("/comment.yml");
      expect([path, refs(files.get(path)!)]).toEqual([path, isCalled ? [] : [ref]]);
    }
  });

  it("is named anew whatever ref stands there, and nobody else is", () => {
    const text = "uses: truststream/holdfast@v1.2.2-rc.1\nuses: truststream/holdfast-2@v1\n# a @v1\n";
    expect(namedBy("v1.2.3", text)).toBe(text.replace("v1.2.2-rc.1", "v1.2.3"));
  });
});

describe("the generator refuses", () => {
  it("a command, input or output without a text", async () => {
    const noInputText: Command = {
      ...keygen,
      inputs: { ...keygen.inputs, output: { ...keygen.inputs.output, text: " " } },
    };
    await expect(generatedFiles(root, [noInputText])).rejects.toThrow(
      "keygen: the text of input 'output' is missing",
    );
    await expect(generatedFiles(root, [{ ...keygen, outputs: { recipient: "" } }])).rejects.toThrow(
      "output 'recipient'",
    );
    await expect(generatedFiles(root, [{ ...keygen, description: "" }])).rejects.toThrow(
      "its description is missing",
    );
    await expect(generatedFiles(root, [{ ...keygen, summary: "x".repeat(101) }])).rejects.toThrow(
      "longer than 100",
    );
  });

  it.each([
    ["holdfast keygen --kti x", "did you mean --kit?"],
    ["holdfast list", "does not begin with 'holdfast keygen'"],
    ["holdfast keygen --kit $HOME/x", "no quotes, variables or pipes"],
  ])("the example '%s', which would not work", async (example, message) => {
    await expect(checkExamples(withExample(example))).rejects.toThrow(message);
  });

  it("an example with a missing or malformed input", async () => {
    await expect(
      checkExamples({ ...backup, examples: { ...backup.examples, cli: ["holdfast backup --tier tier9"] } }),
    ).rejects.toThrow(/--database is required[\s\S]*--tier is 'tier9'/);
  });

  it("a workflow example that uses another action, an unknown input or a malformed value", async () => {
    const workflow = (step: string): string =>
      "jobs:\n  a:\n    steps:\n      - uses: truststream/holdfast/actions/keygen@v1\n        " +
      `with:\n          ${step}\n`;
    await expect(
      checkExamples(withExample("holdfast keygen", workflow("output: x"))),
    ).resolves.toBeUndefined();
    await expect(checkExamples(withExample("holdfast keygen", workflow("nonsense: x")))).rejects.toThrow(
      "unknown inputs: nonsense",
    );
    await expect(checkExamples(withExample("holdfast keygen", "jobs: {}\n"))).rejects.toThrow(
      "has no step that uses",
    );
  });
});

describe("sections of a document that people write", () => {
  it("are filled in place, and the rest is left alone", () => {
    const text = "before\n<!-- generated:commands -->\nold\n<!-- /generated:commands -->\nafter\n";
    const filled = fillSections(text, { commands: "| new |" });
    expect(filled).toBe(
      "before\n<!-- generated:commands -->\n| new |\n<!-- /generated:commands -->\nafter\n",
    );
    expect(fillSections(filled, { commands: "| new |" })).toBe(filled);
  });

  it("must end, and must be known", () => {
    expect(() => fillSections("<!-- generated:commands -->\n", { commands: "x" })).toThrow("does not end");
    expect(() => fillSections("<!-- generated:other --><!-- /generated:other -->", {})).toThrow(
      "nothing to fill",
    );
  });
});

it("a table cell cannot break its table, and code stays code", () => {
  expect(cell("a|b <x> `c <d>|e`\nf")).toBe("a\\|b &lt;x> `c <d>\\|e` f");
});
