import { build, type Plugin } from "esbuild";

/** One file of the bundle. */
export interface BundledFile {
  /** Its name; stable, so that a change of a module changes the files that hold it and no others' names. */
  readonly name: string;
  readonly text: string;
}

/** The file that is always loaded, before every other one. */
const FIRST = "index.js";

/**
 * What several entry points share of the rooms that know no domain: small, and asked for by nearly
 * everybody; and what esbuild itself adds.
 */
const GROUND = /^shared-(?:kernel-|ports-|esbuild-runtime\.)/;

/** As esbuild writes it: at the beginning of a line, one name a line. */
const IMPORT = /^import (?:\{([^{}]*)\} from )?"\.\/([\w.-]+\.js)";\n/gm;
const EXPORT = /^export \{([^{}]*)\};\n?/gm;

/**
 * Puts into `index.js` what it loads anyway, and the ground that nearly every file stands on. esbuild gives
 * each set of modules that the same entry points reach a file of its own, some of a few hundred bytes, and
 * Node takes half a millisecond for each.
 *
 * @param files as esbuild splits them, by their stable names
 * @param banner what esbuild puts at the beginning of each
 */
export async function folded(files: readonly BundledFile[], banner: string): Promise<readonly BundledFile[]> {
  const texts = new Map(files.map(({ name, text }) => [name, text]));
  const small = [...texts.keys()].filter((name) => isGround(closure([name], texts)));
  const inside = closure([FIRST, ...small], texts);
  const names = exportedNames(inside, texts);
  const { outputFiles } = await build({
    stdin: { contents: exportsOf(names), resolveDir: "/" },
    write: false,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    legalComments: "none",
    charset: "utf8",
    logLevel: "warning",
    plugins: [among(inside, texts, banner)],
    banner: { js: banner },
  });
  return files.flatMap((file) => {
    if (file.name === FIRST) return [{ name: FIRST, text: outputFiles[0]!.text }];
    return inside.has(file.name) ? [] : [{ name: file.name, text: fromFirst(file, names) }];
  });
}

/** Whether no package comes with it. */
function isGround(names: ReadonlySet<string>): boolean {
  return [...names].every((name) => GROUND.test(name));
}

/** These files and all that they load at once. */
function closure(names: readonly string[], texts: ReadonlyMap<string, string>): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const [, , needed] of texts.get(name)!.matchAll(IMPORT)) visit(needed!);
  };
  names.forEach(visit);
  return found;
}

/** File → name that it exports → name under which `index.js` does, which is another where two are alike. */
type Names = ReadonlyMap<string, ReadonlyMap<string, string>>;

function exportedNames(inside: ReadonlySet<string>, texts: ReadonlyMap<string, string>): Names {
  const taken = new Set<string>();
  // Those that index.js has itself are asked for by name from outside of the bundle.
  const order = [...inside].sort((a, b) => Number(b === FIRST) - Number(a === FIRST) || (a < b ? -1 : 1));
  return new Map(
    order.map((file) => {
      const exported = [...texts.get(file)!.matchAll(EXPORT)].flatMap(([, list]) => pairs(list!));
      return [
        file,
        new Map(
          exported.map(([, name]) => {
            const free = freeName(name, taken);
            taken.add(free);
            return [name, free];
          }),
        ),
      ];
    }),
  );
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let times = 2; taken.has(free); times += 1) free = `${name}_${times}`;
  return free;
}

/** `a, b as c` → [a, a], [b, c] */
function pairs(list: string): [string, string][] {
  return list
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "")
    .map((one) => {
      const [name, as = name] = one.split(" as ");
      return [name!, as!];
    });
}

function exportsOf(names: Names): string {
  return [...names]
    .map(([file, exported]) => {
      const list = [...exported].map(([name, as]) => `${name} as ${as}`);
      return list.length === 0 ? `import "./${file}";` : `export { ${list.join(", ")} } from "./${file}";`;
    })
    .join("\n");
}

/** What is inside is read from the texts; everything else stays a file of its own. */
function among(inside: ReadonlySet<string>, texts: ReadonlyMap<string, string>, banner: string): Plugin {
  return {
    name: "folded",
    setup(on) {
      on.onResolve({ filter: /^\.\// }, ({ path }) =>
        inside.has(path.slice(2)) ? { path: path.slice(2), namespace: "folded" } : { path, external: true },
      );
      on.onLoad({ filter: /./, namespace: "folded" }, ({ path }) => ({
        contents: texts.get(path)!.replace(banner, ""),
        resolveDir: "/",
      }));
    },
  };
}

/** The same file with its names taken from `index.js`. */
function fromFirst({ name, text }: BundledFile, names: Names): string {
  const changed = text.replace(IMPORT, (whole, list: string | undefined, file: string) => {
    const exported = names.get(file);
    if (exported === undefined) return whole;
    if (list === undefined) return "";
    const wanted = pairs(list).map(([one, as]) => {
      const from = exported.get(one);
      if (from === undefined) {
        throw new Error(
          `${name} asks ${file} for ${one}, which it does not export in a way that is understood`,
        );
      }
      return from === as ? as : `${from} as ${as}`;
    });
    return `import {\n  ${wanted.join(",\n  ")}\n} from "./${FIRST}";\n`;
  });
  const left = [...names.keys()].find((file) => file !== FIRST && changed.includes(`"./${file}"`));
  if (left !== undefined) throw new Error(`${name} asks for ${left} in a way that is not understood`);
  return changed;
}
