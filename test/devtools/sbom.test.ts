import { beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lockedPackages, sbomOf, type Sbom } from "../../src/devtools/sbom.ts";
import { runOk, scratchFolder } from "../support/tools.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The packages whose licences dist/ comes with: what is in the bundle that is committed. */
const BUNDLED = [
  ...readFileSync(join(root, "dist/licenses.txt"), "utf8").matchAll(/^-{80}\n(\S+@\d\S*)$/gm),
].map(([, id]) => id!);

describe("the bill of materials", () => {
  let all: Sbom;
  let made: Sbom;
  let text: string;

  beforeAll(async () => {
    await using folder = scratchFolder("sbom");
    all = lockedPackages(root);
    const write = async (name: string): Promise<string> => {
      const words = ["--disable-warning=ExperimentalWarning", join(root, "src/devtools/sbom.ts")];
      await runOk(process.execPath, [...words, join(folder.path, name)]);
      return readFileSync(join(folder.path, name), "utf8");
    };
    text = await write("one.json");
    expect(await write("two.json")).toBe(text);
    made = JSON.parse(text) as Sbom;
  });

  it("names every package of the bundle with its version, and none besides", () => {
    expect(BUNDLED.length).toBeGreaterThan(100);
    const ids = made.components.map(({ name, version }) => `${name}@${version}`);
    expect([...ids].sort()).toEqual([...BUNDLED].sort());
    const tools = ["jest", "eslint", "esbuild", "typescript", "azurite", "prettier", "dependency-cruiser"];
    expect(made.components.filter(({ name }) => tools.includes(name))).toEqual([]);
    expect(all.components.length).toBeGreaterThan(made.components.length);
  });

  it("is CycloneDX of this version, by which each package can be found and held against the lock", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(made).toMatchObject({
      bomFormat: "CycloneDX",
      specVersion: "1.5",
      version: 1,
      serialNumber: expect.stringMatching(
        /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      metadata: {
        component: { name: "holdfast", version, type: "application", purl: `pkg:npm/holdfast@${version}` },
      },
    });
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string }>>;
    };
    const hashes = new Set(Object.values(lock.packages).map(({ integrity }) => integrity));
    for (const { name, version: its, purl, hashes: given, licenses } of made.components) {
      expect(purl).toBe(`pkg:npm/${name.replace("@", "%40")}@${its}`);
      const [{ alg, content }] = given as [{ alg: string; content: string }];
      expect(alg).toBe("SHA-512");
      expect(hashes).toContain(`sha512-${Buffer.from(content, "hex").toString("base64")}`);
      expect(licenses).not.toEqual([]);
    }
  });

  it("refers to nothing that it does not hold", () => {
    const refs = [made.metadata.component["bom-ref"], ...made.components.map((each) => each["bom-ref"])];
    expect(new Set(refs).size).toBe(refs.length);
    const used = made.dependencies.flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn]);
    expect(used.filter((ref) => !refs.includes(ref))).toEqual([]);
    expect(used.length).toBeGreaterThan(refs.length);
  });

  it("tells nothing of the machine that made it", () => {
    expect(text).not.toContain(root.replace(/\/$/, ""));
  });

  it("is not made where it would lack a package, or hold a tool of development", () => {
    const released = { version: "1.0.0", timestamp: "2026-01-01T00:00:00.000Z" };
    expect(() => sbomOf(all, [...BUNDLED, "left-pad@1.3.0"], released)).toThrow(
      "not among the locked dependencies, or only for development: left-pad@1.3.0",
    );
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly devDependencies: { readonly jest: string };
    };
    const id = `jest@${devDependencies.jest}`;
    expect(() => sbomOf(all, [...BUNDLED, id], released)).toThrow(`or only for development: ${id}`);
  });
});
