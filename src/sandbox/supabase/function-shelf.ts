import { fits } from "../../kernel/path-pattern.ts";
import { sha256 } from "../../kernel/streams.ts";

/**
 * A function as the Management API shows it: https://supabase.com/docs/reference/api/v1-list-all-functions
 */
export interface ShownFunction {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: "ACTIVE" | "REMOVED" | "THROTTLED";
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly verify_jwt: boolean;
  readonly import_map: boolean;
  readonly entrypoint_path: string;
  readonly import_map_path?: string;
  readonly ezbr_sha256: string;
}

/** What the part `metadata` of an upload says. */
export interface UploadMetadata {
  readonly entrypoint_path: string;
  readonly import_map_path?: string | undefined;
  readonly static_patterns?: readonly string[] | undefined;
  readonly verify_jwt?: boolean | undefined;
  readonly name?: string | undefined;
}

/** Sources with what they are started by. */
export interface Bundle {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly entrypoint: string;
  readonly importMap: string | undefined;
  readonly sha256: string;
}

/** One function that is served. */
export interface Served {
  readonly shown: ShownFunction;
  readonly bundle: Bundle;
}

/** One entry of a bulk update. */
export interface Update {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: ShownFunction["status"];
  readonly version: number;
  readonly verify_jwt?: boolean | undefined;
  readonly ezbr_sha256?: string | undefined;
}

/** What the shelf does not take, in Supabase's words. */
export class NotTaken extends Error {}

/** What a shelf is given from outside. */
export interface ShelfOptions {
  readonly project: string;
  readonly now: () => number;
  /** Lower-case hex of so many bytes. */
  readonly hex: (bytes: number) => string;
  /** The plan's number of functions: https://supabase.com/docs/guides/functions/limits */
  readonly functionsMax?: number;
  /** Whether the same sources give other bundles each time, as a bundler that has changed in between does. */
  readonly bundlesDiffer?: boolean;
}

/** Files that a bundle has without being named: modules, and what they import as data. */
const MODULES = /\.(?:[cm]?[jt]sx?|jsonc?|wasm)$/;

/**
 * The functions of one project. As at Supabase, a version only counts up and what was served before is gone;
 * a bundle that was only uploaded is seen by nobody until a bulk update names its version. A bulk update of a
 * version that is neither uploaded nor served is refused: what Supabase does then is not documented.
 */
export class FunctionShelf {
  readonly #options: ShelfOptions;
  readonly #served = new Map<string, Served>();
  readonly #uploaded = new Map<string, Served>();
  #bundles = 0;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  list(): readonly ShownFunction[] {
    return [...this.#served.values()].map(({ shown }) => shown);
  }

  served(slug: string): Served | undefined {
    return this.#served.get(slug);
  }

  /** @throws NotTaken */
  deploy(
    slug: string,
    metadata: UploadMetadata,
    files: ReadonlyMap<string, Buffer>,
    { bundleOnly }: { readonly bundleOnly: boolean },
  ): ShownFunction {
    const now = this.#options.now();
    const before = this.#served.get(slug)?.shown;
    if (before === undefined && this.#served.size >= (this.#options.functionsMax ?? 1000)) {
      throw new NotTaken("Max number of functions reached for project");
    }
    const bundle = this.#bundled(metadata, files);
    // One that was only uploaded keeps its id: it is the same function that is being made.
    const id = before?.id ?? this.#uploaded.get(slug)?.shown.id ?? this.#id();
    const version = (before?.version ?? 0) + 1;
    const place = `file:///tmp/user_fn_${this.#options.project}_${id}_${version}/source/`;
    const { importMap } = bundle;
    const shown: ShownFunction = {
      id,
      slug,
      name: metadata.name ?? slug,
      status: "ACTIVE",
      version,
      created_at: before?.created_at ?? now,
      updated_at: now,
      verify_jwt: metadata.verify_jwt ?? true,
      import_map: importMap !== undefined,
      entrypoint_path: `${place}${bundle.entrypoint}`,
      ...(importMap === undefined ? {} : { import_map_path: `${place}${importMap}` }),
      ezbr_sha256: bundle.sha256,
    };
    (bundleOnly ? this.#uploaded : this.#served).set(slug, { shown, bundle });
    return shown;
  }

  /** All or none. @throws NotTaken */
  update(updates: readonly Update[]): readonly ShownFunction[] {
    const now = this.#options.now();
    const next = updates.map((update): Served => {
      const found = [this.#uploaded, this.#served]
        .map((kept) => kept.get(update.slug))
        .find((each) => each?.shown.version === update.version && each.shown.id === update.id);
      if (found === undefined) {
        throw new NotTaken(`Function ${update.slug} has no bundle of version ${update.version}`);
      }
      const { ezbr_sha256: given = found.bundle.sha256 } = update;
      if (given !== found.bundle.sha256) {
        throw new NotTaken(`Function ${update.slug} has another bundle of version ${update.version}`);
      }
      const { name, status, verify_jwt = found.shown.verify_jwt } = update;
      return { ...found, shown: { ...found.shown, name, status, verify_jwt, updated_at: now } };
    });
    for (const each of next) {
      this.#served.set(each.shown.slug, each);
      this.#uploaded.delete(each.shown.slug);
    }
    return next.map(({ shown }) => shown);
  }

  /** Whether it was there. */
  remove(slug: string): boolean {
    this.#uploaded.delete(slug);
    return this.#served.delete(slug);
  }

  #bundled(metadata: UploadMetadata, files: ReadonlyMap<string, Buffer>): Bundle {
    const { entrypoint_path: entrypoint, import_map_path: named, static_patterns: patterns = [] } = metadata;
    const importMap = named === undefined || named === "" ? undefined : named;
    for (const path of [entrypoint, ...(importMap === undefined ? [] : [importMap])]) {
      if (!files.has(path)) throw new NotTaken(`Failed to bundle the function (reason: ${path} not found)`);
    }
    const kept = [...files]
      .filter(([path]) => MODULES.test(path) || patterns.some((pattern) => fits(pattern, path)))
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    this.#bundles += 1;
    const salt = this.#options.bundlesDiffer === true ? this.#bundles : 0;
    const content = kept.map(([path, bytes]) => [path, sha256(bytes)]);
    const digest = sha256(JSON.stringify([salt, entrypoint, importMap ?? null, content]));
    return { files: new Map(kept), entrypoint, importMap, sha256: digest };
  }

  /** As a UUID is written. */
  #id(): string {
    const hex = this.#options.hex(16);
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }
}
