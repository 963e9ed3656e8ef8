import * as z from "zod";
import { MiB } from "../../kernel/bytes.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { readForm } from "../../kernel/form.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { Secret } from "../../kernel/secret.ts";
import type {
  FunctionFile,
  FunctionHost,
  FunctionUpload,
  LiveFunction,
  UploadedFunction,
} from "../../ports/function-host.ts";
import { FunctionCaller } from "./call-function.ts";
import { ManagementClient, type ManagementAnswer, type SupabaseAccess } from "./management-client.ts";

/** A project, and where its functions are called. */
export interface SupabaseProject extends SupabaseAccess {
  /** Twenty small letters: https://supabase.com/docs/reference/api/v1-list-all-functions */
  readonly project: string;
  /** `https://<project>.supabase.co/functions/v1`, without a `/` at its end. */
  readonly functions: string;
  /** An `anon` or publishable key, for functions that ask for a signed token; undefined: none is sent. */
  readonly key: Secret | undefined;
}

/** A list of some thousand functions. */
const LIST_MAX = 8 * MiB;
const ANSWER_MAX = MiB;
/** Supabase bundles at most 20 MB, compressed: https://supabase.com/docs/guides/functions/limits */
const BODY_MAX = 128 * MiB;

const shown = z.object({
  id: z.string(),
  slug: z.string().regex(/^[A-Za-z0-9_-]+$/),
  name: z.string(),
  version: z.int(),
  verify_jwt: z.boolean().nullish(),
  entrypoint_path: z.string().nullish(),
  import_map_path: z.string().nullish(),
  ezbr_sha256: z.string().nullish(),
});
const live = shown.extend({ status: z.enum(["ACTIVE", "REMOVED", "THROTTLED"]) });

/** Edge functions of a project, by Supabase's Management API. Nothing is asked before the first call. */
export function supabaseFunctions(project: SupabaseProject): FunctionHost {
  return new SupabaseFunctions(project);
}

class SupabaseFunctions implements FunctionHost {
  readonly project: string;
  readonly #client: ManagementClient;
  readonly #caller: FunctionCaller;
  readonly #path: string;

  constructor(access: SupabaseProject) {
    this.project = access.project;
    this.#client = new ManagementClient(access);
    this.#caller = new FunctionCaller(access);
    this.#path = `/v1/projects/${access.project}/functions`;
  }

  async list(signal: AbortSignal): Promise<readonly LiveFunction[]> {
    const answer = await this.#client.ask({ method: "GET", path: this.#path, answerMax: LIST_MAX }, signal);
    this.#requireProject(answer);
    return this.#read(z.array(live), answer).map((each) => ({ ...plain(each), status: each.status }));
  }

  async body(slug: string, signal: AbortSignal): Promise<readonly FunctionFile[]> {
    const path = `${this.#path}/${encodeURIComponent(slug)}/body`;
    const accept = "multipart/form-data";
    const answer = await this.#client.ask({ method: "GET", path, accept, answerMax: BODY_MAX }, signal);
    if (answer.status === 404) {
      throw new HoldfastError("functions.not-found", `${this.project} has no function ${slug}`, {
        hint: "Somebody has removed it in the meantime: look at the functions anew.",
      });
    }
    return await filesOf(slug, answer);
  }

  async upload(upload: FunctionUpload, signal: AbortSignal): Promise<UploadedFunction> {
    const { slug } = upload;
    const path = `${this.#path}/deploy?slug=${encodeURIComponent(slug)}&bundleOnly=true`;
    const answer = await this.#client.ask(
      {
        method: "POST",
        path,
        form: formOf(upload),
        size: upload.files.reduce((sum, { bytes }) => sum + bytes.length, 0),
        answerMax: ANSWER_MAX,
      },
      signal,
    );
    this.#requireProject(answer);
    const uploaded = plain(this.#read(shown, answer));
    if (uploaded.slug === slug) return uploaded;
    throw this.#strange(`an answer about ${printableLine(uploaded.slug)} to the upload of ${slug}`);
  }

  async activate(functions: readonly UploadedFunction[], signal: AbortSignal): Promise<void> {
    const json = functions.map((each) => ({
      id: each.id,
      slug: each.slug,
      name: each.name,
      status: "ACTIVE",
      version: each.version,
      verify_jwt: each.verifyJwt,
      import_map: each.importMap !== undefined,
      ...(each.entrypoint === undefined ? {} : { entrypoint_path: each.entrypoint }),
      ...(each.importMap === undefined ? {} : { import_map_path: each.importMap }),
      ...(each.bundle === undefined ? {} : { ezbr_sha256: each.bundle }),
    }));
    const size = Buffer.byteLength(JSON.stringify(json));
    const answer = await this.#client.ask(
      { method: "PUT", path: this.#path, json, size, answerMax: LIST_MAX },
      signal,
    );
    this.#requireProject(answer);
  }

  async remove(slug: string, signal: AbortSignal): Promise<void> {
    const path = `${this.#path}/${encodeURIComponent(slug)}`;
    // 404 is what was wanted.
    await this.#client.ask({ method: "DELETE", path, answerMax: ANSWER_MAX }, signal);
  }

  call(...[call, signal]: Parameters<FunctionHost["call"]>): ReturnType<FunctionHost["call"]> {
    return this.#caller.call(call, signal);
  }

  #requireProject({ status }: ManagementAnswer): void {
    if (status !== 404) return;
    throw new HoldfastError(
      "functions.no-project",
      `Supabase has no project ${this.project}, or does not show it to this token`,
      { hint: "Compare with the project's settings (Reference ID), and with whose token it is." },
    );
  }

  #read<T>(schema: z.ZodType<T>, { bytes, status }: ManagementAnswer): T {
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString("utf8"));
    } catch {
      throw this.#strange(`HTTP ${status} whose content is no JSON`);
    }
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    const [first] = checked.error.issues;
    throw this.#strange(`an answer that breaks its form at '${first?.path.join(".") ?? ""}'`);
  }

  #strange(what: string): HoldfastError {
    return new HoldfastError("functions.unreachable", `what answers for ${this.project} gave ${what}`, {
      hint: "Look whether a proxy answers in Supabase's place, and at https://status.supabase.com.",
    });
  }
}

function plain(each: z.infer<typeof shown>): UploadedFunction {
  return {
    id: each.id,
    slug: each.slug,
    name: each.name,
    version: each.version,
    // The API's default: https://supabase.com/docs/guides/functions/function-configuration
    verifyJwt: each.verify_jwt ?? true,
    entrypoint: each.entrypoint_path || undefined,
    importMap: each.import_map_path || undefined,
    bundle: each.ezbr_sha256 || undefined,
  };
}

function formOf({ slug, entrypoint, importMap, staticFiles, verifyJwt, files }: FunctionUpload): FormData {
  const form = new FormData();
  form.append(
    "metadata",
    JSON.stringify({
      name: slug,
      entrypoint_path: entrypoint,
      ...(importMap === undefined ? {} : { import_map_path: importMap }),
      static_patterns: staticFiles,
      verify_jwt: verifyJwt,
    }),
  );
  for (const { path, bytes } of files) {
    form.append("file", new Blob([Uint8Array.from(bytes)]), path);
  }
  return form;
}

/** A body as files; it may also be a bundle, which nobody but Supabase's own runtime can take apart. */
async function filesOf(slug: string, { contentType, bytes }: ManagementAnswer): Promise<FunctionFile[]> {
  const unreadable = (why: string, cause?: unknown): HoldfastError =>
    new HoldfastError("functions.unreadable", `the sources of ${slug} could not be had back: ${why}`, {
      hint:
        "It may have been deployed by an old client. Deploy it once with Holdfast or the Supabase CLI, or " +
        "remove it: what cannot be put back must not be replaced.",
      cause,
    });
  if (!/^multipart\//i.test(contentType)) {
    throw unreadable(`Supabase gave ${printableLine(contentType || "content of no type")} instead of files`);
  }
  let files: FunctionFile[];
  try {
    files = [...(await readForm(bytes, contentType)).files];
  } catch (error) {
    throw unreadable("what Supabase gave breaks off, or is no form", error);
  }
  if (files.length === 0) throw unreadable("no file is among what Supabase gave");
  return files;
}
