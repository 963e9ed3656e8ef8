import { isHoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import type { FunctionHost } from "../../../src/ports/function-host.ts";
import type { SourceHistory } from "../../../src/ports/source-history.ts";
import {
  runFunctionsDeploy,
  type FunctionsDeployInputs,
  type FunctionsDeployPorts,
} from "../../../src/rollout/functions/deploy/run.ts";
import {
  runFunctionsRollback,
  type FunctionsRollbackInputs,
} from "../../../src/rollout/functions/rollback/run.ts";
import { runFunctionsSnapshot } from "../../../src/rollout/functions/snapshot/run.ts";
import { runFunctionsStatus } from "../../../src/rollout/functions/status/run.ts";
import type { ShelfOptions } from "../../../src/sandbox/supabase/function-shelf.ts";
import { MemoryFunctions } from "../../fakes/memory-functions.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { VirtualClock } from "../../nouns/runbook/virtual-clock.ts";
import { newShelf, PROJECT } from "../../support/supabase/new-shelf.ts";

export { PROJECT };

/** What a test says of a function. */
export interface Said {
  readonly version: string;
  readonly text?: string;
  readonly needs?: readonly string[];
  readonly target?: string;
  readonly smoke?: Readonly<Record<string, unknown>>;
  readonly verifyJwt?: boolean;
}

/** Files of a commit with these functions and their manifest. */
export function commitOf(functions: Readonly<Record<string, Said>>): Map<string, Buffer> {
  const files = new Map<string, Buffer>([
    ["supabase/functions/_shared/cors.ts", Buffer.from("export {};\n")],
  ]);
  const entries = Object.entries(functions).map(([name, each]) => {
    const text = each.text ?? `serve ${name} ${each.version}`;
    files.set(`supabase/functions/${name}/index.ts`, Buffer.from(text));
    return [
      name,
      {
        version: each.version,
        dependencies: each.needs ?? [],
        verify_jwt: each.verifyJwt ?? false,
        smoke: each.smoke ?? { path: "/health", contains: each.version },
        ...(each.target === undefined ? {} : { rollback_target: each.target }),
      },
    ];
  });
  const manifest = { functions: Object.fromEntries(entries) };
  files.set(
    "supabase/functions/function-manifest.json",
    Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`),
  );
  return files;
}

const NONE = new AbortController().signal;

/** A project, a store and a repository, reached by one process after another. */
export class World {
  readonly clock = new VirtualClock();
  readonly store = new MemoryStore("memory://store", 64 * 1024, this.clock);
  readonly shelf;
  readonly host: MemoryFunctions;
  /** Commits by revision. */
  readonly commits = new Map<string, Map<string, Buffer>>();
  /** Links of whatever is checked out. */
  links: readonly string[] = [];
  readonly lines: string[] = [];
  #ids = 0;

  constructor(options: Partial<ShelfOptions> = {}) {
    this.shelf = newShelf(options);
    this.host = new MemoryFunctions(PROJECT, this.shelf);
  }

  /** What is checked out from now on, also reached by a tag. */
  commit(functions: Readonly<Record<string, Said>>, tag?: string): void {
    const files = commitOf(functions);
    this.commits.set("HEAD", files);
    if (tag !== undefined) this.commits.set(tag, files);
  }

  ports(
    parts: { store?: BlobStore; host?: FunctionHost; cancelled?: AbortSignal } = {},
  ): FunctionsDeployPorts {
    const { clock, lines } = this;
    const say = (kind: string) => (text: string) => void lines.push(`${kind}: ${text}`);
    const history: Pick<SourceHistory, "commit" | "files" | "links" | "isDirty"> = {
      links: () => Promise.resolve(this.links),
      commit: (revision) => Promise.resolve(revision),
      isDirty: () => Promise.resolve(false),
      files: (commit, wanted) =>
        Promise.resolve(new Map([...(this.commits.get(commit) ?? [])].filter(([path]) => wanted(path)))),
    };
    return {
      openStore: () => Promise.resolve(parts.store ?? this.store),
      openFunctions: () => Promise.resolve(parts.host ?? this.host),
      sourceHistory: () => Promise.resolve(history as SourceHistory),
      clock,
      random: { fraction: () => 0.5, hex: (count) => (this.#ids += 1).toString(16).padStart(2 * count, "0") },
      log: {
        stage: say("stage"),
        info: say("info"),
        warn: say("warn"),
        debug: say("debug"),
        progress: () => ({ add: () => undefined, done: () => undefined }),
      },
      cancelled: parts.cancelled ?? NONE,
      run: { kind: "cli", id: "test", url: null, commit: null, actor: "tester" },
      workTree: () => Promise.reject(new Error("this test has no work tree")),
    };
  }

  deploy(inputs: Partial<FunctionsDeployInputs> = {}, ports = this.ports()): Promise<Outcome> {
    return this.clock.run(runFunctionsDeploy({ ...deployInputs(), ...inputs }, ports));
  }

  rollback(inputs: Partial<FunctionsRollbackInputs> = {}, ports = this.ports()): Promise<Outcome> {
    return this.clock.run(runFunctionsRollback({ ...deployInputs(), to: undefined, ...inputs }, ports));
  }

  snapshot(ports = this.ports()): Promise<Outcome> {
    return this.clock.run(runFunctionsSnapshot({ ...deployInputs() }, ports));
  }

  status(ports = this.ports()): Promise<Outcome> {
    return this.clock.run(runFunctionsStatus({ ...deployInputs() }, ports));
  }

  /** What everybody is served, by name. */
  get served(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.shelf
        .list()
        .map(({ slug }) => {
          const { bundle } = this.shelf.served(slug)!;
          return [slug, bundle.files.get(bundle.entrypoint)!.toString("utf8")] as const;
        })
        .sort(),
    );
  }

  /** Calls since the last time, and forgets them. */
  calls(): string[] {
    return this.host.calls.splice(0);
  }
}

export function deployInputs(): FunctionsDeployInputs {
  return {
    project: PROJECT,
    accessToken: new Secret("sbp_secret"),
    functionsKey: undefined,
    store: "memory://store",
    storeSecret: undefined,
    functionsFolder: "supabase/functions",
    ref: "HEAD",
    functions: [],
    updateManifest: false,
    planHash: undefined,
    resume: undefined,
    dryRun: false,
  };
}

/** The code of what was thrown; the exit code where nothing was. */
export async function endOf(work: Promise<Outcome>): Promise<string> {
  try {
    const { exit, outputs } = await work;
    return `${exit} ${String(outputs["outcome"])}`;
  } catch (error) {
    if (isHoldfastError(error)) return error.code;
    throw error;
  }
}
