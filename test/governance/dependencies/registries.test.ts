import { describe, expect, it } from "@jest/globals";
import { judgeDependencies } from "../../../src/governance/dependencies/judge.ts";
import { DEPENDENCIES } from "../../../src/governance/dependencies/settings.ts";

interface Told {
  readonly severity: string;
  readonly line: number | null;
  readonly message: string;
}

function told(file: string, text: string, settings: object = {}): Told[] {
  const files = { manifests: [], locks: [], configurations: [{ file, text }] };
  const { findings } = judgeDependencies({
    before: { manifests: [], locks: [] },
    after: files,
    settings: DEPENDENCIES.parse(settings),
    today: "2026-01-01",
    audit: null,
  });
  return findings.map(({ severity, line, message }) => ({ severity, line, message }));
}

describe("the registry that a configuration names", () => {
  it.each([
    [".npmrc", "; our own\nregistry=https://evil.example/\n"],
    [".npmrc", "\ufeffsave-exact = true\n@acme:registry = https://evil.example/npm\n"],
    ["packages/a/.npmrc", "x=1\r\nregistry=https://evil.example\r\n"],
    [".yarnrc", '# yarn\nregistry "https://evil.example"\n'],
    [".yarnrc", '# yarn\n"@acme:registry" "https://evil.example"\n'],
    [".yarnrc.yml", "nodeLinker: pnp\nnpmRegistryServer: https://evil.example\n"],
    [".yarnrc.yml", "npmScopes:\n  acme: { npmRegistryServer: 'https://evil.example' }\n"],
  ])("is refused where its host is not on the list: %s %j", (file, text) => {
    expect(told(file, text)).toEqual([
      { severity: "error", line: 2, message: expect.stringContaining("which is not on the list") },
    ]);
    expect(told(file, text, { hosts: ["evil.example"] })).toEqual([]);
    expect(told(file, text, { ignore: [file] })).toEqual([]);
  });

  it.each([
    [".npmrc", "registry=https://registry.npmjs.org/\n//registry.npmjs.org/:_authToken=${TOKEN}\n"],
    [".npmrc", "# registry=https://evil.example\n;registry=https://evil.example\nregistry-cache=1\n"],
    [
      ".yarnrc.yml",
      "npmRegistryServer: https://registry.yarnpkg.com\nnpmPublishRegistry: https://elsewhere.example\n",
    ],
  ])("is nobody's trouble in %s %j", (file, text) => {
    expect(told(file, text)).toEqual([]);
  });

  it("is refused without TLS, and by a name before the host", () => {
    expect(told(".npmrc", "registry=http://registry.npmjs.org/")[0]!.message).toContain("comes by http://");
    const hidden = told(".npmrc", "registry=https://registry.npmjs.org@evil.example/");
    expect(hidden[0]!.message).toContain("a user before the host");
  });

  it("is warned of where only the environment knows it", () => {
    expect(told(".npmrc", "registry=${REGISTRY}")).toEqual([
      { severity: "warning", line: 1, message: expect.stringContaining("said by the environment") },
    ]);
  });

  it("is refused where the configuration cannot be read", () => {
    expect(told(".yarnrc.yml", "a: [\n")).toEqual([
      {
        severity: "error",
        line: expect.any(Number),
        message: ".yarnrc.yml cannot be read, and may name any registry",
      },
    ]);
  });
});
