import * as z from "zod";
import { readForm, type Form } from "../../kernel/form.ts";
import type { Json } from "../../kernel/outcome.ts";
import {
  jsonOf,
  type Refusal,
  type SandboxAnswer,
  type SandboxPart,
  type SandboxRequest,
} from "../router/part.ts";
import { NotTaken, type FunctionShelf, type ShownFunction } from "./function-shelf.ts";

const metadata = z.object({
  entrypoint_path: z.string().min(1),
  import_map_path: z
    .string()
    .nullish()
    .transform((path) => path ?? undefined),
  static_patterns: z
    .array(z.string())
    .nullish()
    .transform((patterns) => patterns ?? undefined),
  verify_jwt: z
    .boolean()
    .nullish()
    .transform((value) => value ?? undefined),
  name: z
    .string()
    .nullish()
    .transform((name) => name ?? undefined),
});

const update = z.object({
  id: z.string(),
  slug: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/),
  name: z.string(),
  status: z.enum(["ACTIVE", "REMOVED", "THROTTLED"]),
  version: z.int(),
  verify_jwt: z.boolean().optional(),
  ezbr_sha256: z.string().optional(),
});

/** A body that is larger is no function's. */
const FORM_MAX = 64 * 1024 * 1024;

/**
 * Supabase's Management API as far as functions go: list, get, body, deploy with `bundleOnly`, bulk update,
 * delete. What it shows is held against Supabase's public description by the tests. The body that is asked
 * for without `multipart/form-data` is none: no bundle of Supabase's own format is made here.
 */
export class ManagementPart implements SandboxPart {
  readonly name = "supabase-functions";
  readonly #shelves: ReadonlyMap<string, FunctionShelf>;

  /** @param shelves by the project's reference */
  constructor(shelves: ReadonlyMap<string, FunctionShelf>) {
    this.#shelves = shelves;
  }

  owns(path: string): boolean {
    return path.startsWith("/v1/projects/") || path === "/v1/projects";
  }

  refuse(refusal: Refusal): SandboxAnswer {
    switch (refusal.why) {
      case "no-token":
      case "expired-token":
        return { status: 401, json: { message: "Unauthorized" } };
      case "throttled":
        return {
          status: 429,
          headers: { "retry-after": String(refusal.retryAfterSeconds) },
          json: { message: "ThrottlerException: Too Many Requests" },
        };
      case "unavailable":
        return { status: 503, json: { message: "Service Unavailable" } };
    }
  }

  async answer(request: SandboxRequest): Promise<SandboxAnswer> {
    const [, , , project = "", noun = "", slug = "", part = ""] = request.url.pathname.split("/");
    const shelf = this.#shelves.get(project);
    if (shelf === undefined) return notFound("Project not found");
    if (noun !== "functions") return notFound("the sandbox plays nothing here");
    try {
      switch (
        `${request.method} ${slug === "" ? "" : slug === "deploy" ? "deploy" : `:slug${part && "/"}${part}`}`
      ) {
        case "GET ":
          return { status: 200, json: shelf.list().map(json) };
        case "PUT ":
          return await updated(shelf, request);
        case "POST deploy":
          return await deployed(shelf, request);
        case "GET :slug":
          return shown(shelf, slug);
        case "GET :slug/body":
          return await bodyOf(shelf, slug, request);
        case "DELETE :slug":
          return shelf.remove(slug) ? { status: 200 } : notFound("Function not found");
        default:
          return notFound("the sandbox plays nothing here");
      }
    } catch (error) {
      if (error instanceof NotTaken || error instanceof z.ZodError || error instanceof SyntaxError) {
        return { status: 400, json: { message: error.message } };
      }
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing of it runs.
  }
}

function shown(shelf: FunctionShelf, slug: string): SandboxAnswer {
  const served = shelf.served(slug);
  return served === undefined ? notFound("Function not found") : { status: 200, json: json(served.shown) };
}

async function updated(shelf: FunctionShelf, request: SandboxRequest): Promise<SandboxAnswer> {
  const updates = z.array(update).parse(await jsonOf(request));
  return { status: 200, json: { functions: shelf.update(updates).map(json) } };
}

async function deployed(shelf: FunctionShelf, request: SandboxRequest): Promise<SandboxAnswer> {
  const { fields, files } = await formOf(request);
  const said = fields.get("metadata");
  if (said === undefined) throw new NotTaken("metadata: Required");
  const given = metadata.parse(JSON.parse(said));
  const { searchParams } = request.url;
  const slug = searchParams.get("slug") ?? given.name ?? "";
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(slug)) throw new NotTaken("slug: Invalid");
  const bundleOnly = searchParams.get("bundleOnly") === "true";
  const byPath = new Map(files.map(({ path, bytes }) => [path, bytes]));
  return { status: 201, json: json(shelf.deploy(slug, given, byPath, { bundleOnly })) };
}

async function formOf({ body, headers }: SandboxRequest): Promise<Form> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > FORM_MAX) throw new NotTaken("Payload Too Large");
    chunks.push(chunk);
  }
  try {
    return await readForm(Buffer.concat(chunks), headers["content-type"] ?? "");
  } catch (error) {
    throw new NotTaken(`the body is no form: ${(error as Error).message}`);
  }
}

async function bodyOf(shelf: FunctionShelf, slug: string, request: SandboxRequest): Promise<SandboxAnswer> {
  const served = shelf.served(slug);
  if (served === undefined) return notFound("Function not found");
  if (!(request.headers.accept ?? "").includes("multipart/form-data")) {
    return { status: 406, json: { message: "the sandbox gives sources alone, as multipart/form-data" } };
  }
  const form = new FormData();
  for (const [path, bytes] of served.bundle.files) {
    form.append("file", new Blob([Uint8Array.from(bytes)]), path);
  }
  const response = new Response(form);
  return {
    status: 200,
    headers: { "content-type": response.headers.get("content-type") ?? "" },
    bytes: new Uint8Array(await response.arrayBuffer()),
  };
}

function json(shownFunction: ShownFunction): Json {
  return { ...shownFunction };
}

function notFound(message: string): SandboxAnswer {
  return { status: 404, json: { message } };
}
