import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { endWithUs } from "../../../src/adapters/system/last-will.ts";
import { DenoRuntime } from "../../../src/sandbox/supabase/deno-runtime.ts";
import { FakeSupabase } from "../../support/supabase/fake-functions.ts";

const require = createRequire(import.meta.url);

/** Deno itself, of the package for the platform on which CI runs. */
const DENO = join(dirname(require.resolve("@deno/linux-x64-glibc/package.json")), "deno");

describe("functions of the sandbox run under Deno", () => {
  const printed: string[] = [];
  let fake: FakeSupabase;

  beforeAll(async () => {
    const runtime = new DenoRuntime({
      deno: DENO,
      guard: endWithUs,
      heard: (line) => void printed.push(line),
      atOnce: 2,
    });
    fake = await FakeSupabase.start({ runtime });
  });
  afterAll(() => fake[Symbol.asyncDispose]());

  function deploy(
    slug: string,
    text: string,
    more: Readonly<Record<string, string>> = {},
    verifyJwt = false,
  ): void {
    const entrypoint = `supabase/functions/${slug}/index.ts`;
    const files = new Map(
      Object.entries({ [entrypoint]: text, ...more }).map(([path, each]) => [path, Buffer.from(each)]),
    );
    fake.shelf.deploy(slug, { entrypoint_path: entrypoint, verify_jwt: verifyJwt }, files, {
      bundleOnly: false,
    });
  }

  async function call(slug: string, init: RequestInit = {}): Promise<[status: number, text: string]> {
    const response = await fetch(`${fake.functions}/${slug}`, init);
    return [response.status, await response.text()];
  }

  it("a function answers with what it imports, and sees method, path, query and body", async () => {
    deploy(
      "orders",
      `import { word } from "../_shared/word.ts";
Deno.serve(async (request: Request) => {
  const { pathname, search } = new URL(request.url);
  const words = [word, request.method, pathname, search, await request.text()];
  return new Response(words.join(" "), { status: 201 });
});`,
      { "supabase/functions/_shared/word.ts": `export const word: string = "v1.2.3";` },
    );
    expect(await call("orders/items?deep=1", { method: "POST", body: "hello" })).toEqual([
      201,
      "v1.2.3 POST /orders/items ?deep=1 hello",
    ]);
  });

  it("the version that is served now answers", async () => {
    deploy("users", `Deno.serve(() => new Response("one"));`);
    expect(await call("users")).toEqual([200, "one"]);
    deploy("users", `Deno.serve(() => new Response("two"));`);
    expect(await call("users")).toEqual([200, "two"]);
  });

  it("one that does not start is told as Supabase tells it, and says why to who watches", async () => {
    deploy("broken", `throw new Error("no such thing");`);
    const [status, text] = await call("broken");
    expect([status, JSON.parse(text)]).toEqual([503, expect.objectContaining({ code: "BOOT_ERROR" })]);
    expect(printed.join("\n")).toContain("no such thing");
  });

  it("one that throws answers 500", async () => {
    deploy("throws", `Deno.serve(() => { throw new Error("bad day"); });`);
    expect((await call("throws"))[0]).toBe(500);
  });

  it("one that asks for a token is reached with one, and by OPTIONS without", async () => {
    deploy("closed", `Deno.serve((request) => new Response(request.method));`, {}, true);
    expect((await call("closed"))[0]).toBe(401);
    expect(await call("closed", { headers: { authorization: "Bearer key" } })).toEqual([200, "GET"]);
    expect((await call("closed", { method: "OPTIONS" }))[0]).toBe(200);
  });

  it("gets none of our environment, and reads no file of the machine", async () => {
    process.env["HOLDFAST_TEST_SECRET"] = "planted";
    deploy(
      "curious",
      `Deno.serve(async () => {
  const read = await Deno.readTextFile("/etc/hostname").catch((error) => error.name);
  return new Response(read + " " + Deno.env.get("HOLDFAST_TEST_SECRET"));
});`,
    );
    expect(await call("curious")).toEqual([
      200,
      expect.stringMatching(/^(?:NotCapable|PermissionDenied) undefined$/),
    ]);
    delete process.env["HOLDFAST_TEST_SECRET"];
  });
});
