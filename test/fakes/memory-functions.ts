import { HoldfastError } from "../../src/kernel/errors.ts";
import {
  NotTaken,
  type FunctionShelf,
  type ShownFunction,
} from "../../src/sandbox/supabase/function-shelf.ts";
import type {
  FunctionAnswer,
  FunctionCall,
  FunctionFile,
  FunctionHost,
  FunctionUpload,
  LiveFunction,
  UploadedFunction,
} from "../../src/ports/function-host.ts";

/** What may go wrong with one call: told its name before it is done (`upload orders`), and after. */
export type Meddle = (call: string, when: "before" | "after") => Promise<void> | void;

/** Keeps functions on a shelf of the sandbox by the port's laws, without a connection. */
export class MemoryFunctions implements FunctionHost {
  readonly project: string;
  readonly shelf: FunctionShelf;
  readonly calls: string[] = [];
  meddle: Meddle = () => undefined;
  underWay = 0;
  mostUnderWay = 0;

  constructor(project: string, shelf: FunctionShelf) {
    this.project = project;
    this.shelf = shelf;
  }

  list(signal: AbortSignal): Promise<readonly LiveFunction[]> {
    return this.#around("list", signal, () =>
      this.shelf.list().map((each) => ({ ...plain(each), status: each.status })),
    );
  }

  body(slug: string, signal: AbortSignal): Promise<readonly FunctionFile[]> {
    return this.#around(`body ${slug}`, signal, () => {
      const served = this.shelf.served(slug);
      if (served === undefined) throw new HoldfastError("functions.not-found", `there is no ${slug}`);
      return [...served.bundle.files].map(([path, bytes]) => ({ path, bytes }));
    });
  }

  upload(upload: FunctionUpload, signal: AbortSignal): Promise<UploadedFunction> {
    return this.#around(`upload ${upload.slug}`, signal, () => {
      const files = new Map(upload.files.map(({ path, bytes }) => [path, bytes]));
      const metadata = {
        entrypoint_path: upload.entrypoint,
        import_map_path: upload.importMap,
        static_patterns: upload.staticFiles,
        verify_jwt: upload.verifyJwt,
      };
      return plain(this.shelf.deploy(upload.slug, metadata, files, { bundleOnly: true }));
    });
  }

  async activate(functions: readonly UploadedFunction[], signal: AbortSignal): Promise<void> {
    await this.#around("activate", signal, () =>
      this.shelf.update(
        functions.map(({ id, slug, name, version, verifyJwt }) => ({
          id,
          slug,
          name,
          version,
          status: "ACTIVE" as const,
          verify_jwt: verifyJwt,
        })),
      ),
    );
  }

  async remove(slug: string, signal: AbortSignal): Promise<void> {
    await this.#around(`remove ${slug}`, signal, () => this.shelf.remove(slug));
  }

  call(call: FunctionCall, signal: AbortSignal): Promise<FunctionAnswer> {
    return this.#around(`call ${call.method} ${call.slug}`, signal, () => {
      const served = this.shelf.served(call.slug);
      if (served === undefined) return { status: 404, text: "", tookMs: 1 };
      const text = served.bundle.files.get(served.bundle.entrypoint)!.toString("utf8");
      const status = text.includes("CRASH") ? 503 : Number(/FAIL (\d{3})/.exec(text)?.[1] ?? 200);
      return { status, text, tookMs: 1 };
    });
  }

  async #around<T>(call: string, signal: AbortSignal, work: () => T): Promise<T> {
    signal.throwIfAborted();
    this.calls.push(call);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      await this.meddle(call, "before");
      const result = work();
      await this.meddle(call, "after");
      return result;
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      throw new HoldfastError("functions.refused", error.message, { hint: "Mend it.", cause: error });
    } finally {
      this.underWay -= 1;
    }
  }
}

function plain(each: ShownFunction): UploadedFunction {
  return {
    id: each.id,
    slug: each.slug,
    name: each.name,
    version: each.version,
    verifyJwt: each.verify_jwt,
    entrypoint: each.entrypoint_path,
    importMap: each.import_map_path,
    bundle: each.ezbr_sha256,
  };
}
