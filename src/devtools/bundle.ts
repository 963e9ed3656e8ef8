import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { folded, type BundledFile } from "./fold.ts";

/**
 * Files that a package reads from the folder its code lies in, which is the bundle's: the SQL grammar
 * as WebAssembly.
 */
export const BUNDLED_ASSETS: readonly string[] = ["node_modules/libpg-query/wasm/libpg-query.wasm"];

/**
 * Packages in CommonJS ask for Node's own modules by `require`, and for their folder by `__dirname`, which a
 * module does not have.
 */
const BANNER =
  'import { createRequire as makeRequire } from "node:module";\nconst require = ' +
  "makeRequire(import.meta.url);\nconst __dirname = import.meta.dirname;\n";

/**
 * Bundles `src/entry/main.ts` into `index.js` and, for whatever is imported lazily, files of its own.
 *
 * @param root the repository's root; what is written into the bundle is relative to it
 * @returns the files, and every module that went into them, relative to `root`
 */
export async function bundle(
  root: string,
): Promise<{ readonly files: readonly BundledFile[]; readonly modules: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { index: "src/entry/main.ts" },
    outdir: "bundle",
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    legalComments: "none",
    charset: "utf8",
    logLevel: "warning",
    // A linked node_modules is the folder's own: its real path would be another one on the next machine.
    preserveSymlinks: true,
    plugins: [putOff, leftOut, ownPackage],
    banner: { js: BANNER },
  });
  refuseLazyCommonJs(metafile);
  const names = stableNames(metafile);
  const files = outputFiles.map(({ path, text }) => ({
    name: names.get(relative(root, path))!,
    text: renamed(text, names),
  }));
  return { files: await folded(files, BANNER), modules: Object.keys(metafile.inputs) };
}

/**
 * What `@actions/core` loads at once for what few runs ask of it: for a token an HTTP client, a quarter of an
 * action's start, and for the name of the operating system child programs and what they need. The package
 * offers no other way in, so these modules of its are put off until they are asked.
 */
const PUT_OFF: ReadonlyMap<string, string> = new Map([
  [
    "./oidc-utils.js",
    "export const OidcClient = { getIDToken: async (audience) => (await " +
      'import("./oidc-utils.js")).OidcClient.getIDToken(audience) };',
  ],
  ["./platform.js", 'export const getDetails = async () => (await import("./platform.js")).getDetails();'],
]);

const putOff: Plugin = {
  name: "put-off",
  setup(on) {
    on.onResolve({ filter: /^\.\/[\w-]+\.js$/ }, ({ path, importer, resolveDir }) =>
      importer.endsWith("/@actions/core/lib/core.js") && PUT_OFF.has(path)
        ? {
            path: `node_modules/@actions/core/lib/${path.slice(2)}`,
            namespace: "lazy",
            pluginData: { path, resolveDir },
          }
        : undefined,
    );
    on.onLoad({ filter: /./, namespace: "lazy" }, ({ pluginData }) => {
      const { path, resolveDir } = pluginData as { readonly path: string; readonly resolveDir: string };
      return { resolveDir, contents: PUT_OFF.get(path)! };
    });
  },
};

/**
 * What semantic-release would load for things that it is never asked for: the compiler for a configuration in
 * TypeScript, which is ten times as large as all the rest, and colours for a terminal.
 */
const leftOut: Plugin = {
  name: "left-out",
  setup(on) {
    on.onResolve({ filter: /^(?:typescript|marked-terminal)$/ }, ({ path }) => ({
      path,
      namespace: "left-out",
    }));
    on.onLoad({ filter: /./, namespace: "left-out" }, ({ path }) => ({
      contents: `throw new Error("${path} is not part of this bundle");`,
    }));
  },
};

/** semantic-release reads its name and version from the package.json beside it, which a bundle has not. */
const ownPackage: Plugin = {
  name: "own-package",
  setup(on) {
    on.onLoad({ filter: /\/node_modules\/semantic-release\/index\.js$/ }, async ({ path }) => {
      const asked = 'require("./package.json")';
      const text = await readFile(path, "utf8");
      if (!text.includes(asked)) {
        throw new Error(`${path} has no ${asked} any more: look how it reads its version`);
      }
      const { name, version } = JSON.parse(await readFile(join(dirname(path), "package.json"), "utf8")) as {
        readonly name: string;
        readonly version: string;
      };
      return { contents: text.replace(asked, JSON.stringify({ name, version })) };
    });
  },
};

/**
 * Of such a package nothing but its default would be there, where Node has its names as well: found when it
 * is called, if ever.
 */
function refuseLazyCommonJs({ outputs, inputs }: Metafile): void {
  const lazy = Object.values(outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
  const [found] = lazy.filter((module) => inputs[module]?.format === "cjs");
  if (found !== undefined) {
    throw new Error(
      `${found} is CommonJS and imported lazily: import it from a module of its own, and that one lazily`,
    );
  }
}

/**
 * esbuild calls what several files share by a hash of its content; here everything is called by what it
 * holds most of.
 */
function stableNames({ outputs }: Metafile): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Map<string, number>();
  for (const [path, { entryPoint, inputs }] of Object.entries(outputs).sort(([, a], [, b]) =>
    firstInput(a) < firstInput(b) ? -1 : 1,
  )) {
    const [largest] = Object.entries(inputs).sort(
      ([a, one], [b, other]) => other.bytesInOutput - one.bytesInOutput || (a < b ? -1 : 1),
    );
    const stem =
      path === "bundle/index.js"
        ? "index"
        : entryPoint === undefined
          ? `shared-${wordsOf(largest?.[0] ?? "esbuild-runtime")}`
          : wordsOf(entryPoint);
    const times = (taken.get(stem) ?? 0) + 1;
    taken.set(stem, times);
    names.set(path, `${stem}${times === 1 ? "" : `-${times}`}.js`);
  }
  return names;
}

function firstInput({ inputs }: Metafile["outputs"][string]): string {
  return Object.keys(inputs).sort()[0] ?? "";
}

/** `src/backups/restore/run.ts` → `restore-run`, `node_modules/@azure/identity/…` → `azure-identity`. */
function wordsOf(module: string): string {
  const [, ...behind] = module.split("node_modules/");
  const inPackage = /^(?:@[^/]+\/)?[^/]+/.exec(behind.at(-1) ?? "")?.[0];
  return (inPackage ?? module.replace(/^(?:lazy:)?src\//, "").replace(/\.\w+$/, ""))
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

function renamed(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(/"\.\/([\w.-]+\.js)"/g, (whole, file: string) => {
    const name = names.get(`bundle/${file}`);
    return name === undefined ? whole : `"./${name}"`;
  });
}
