import { Readable } from "node:stream";
import { expect, it } from "@jest/globals";
import type { SandboxAnswer, SandboxPart } from "../../../src/sandbox/router/part.ts";
import { supabaseParts } from "../../../src/sandbox/supabase/supabase-parts.ts";
import { PROJECT } from "../../support/supabase/new-shelf.ts";

function parts(): readonly SandboxPart[] {
  return supabaseParts({
    project: PROJECT,
    now: () => 1_700_000_000_000,
    hex: (bytes) => "ab".repeat(bytes),
    deno: undefined,
    guard: () => ({ [Symbol.dispose]: () => undefined }),
  });
}

async function ask(
  all: readonly SandboxPart[],
  method: string,
  path: string,
  form?: FormData,
): Promise<SandboxAnswer> {
  const url = new URL(path, "https://127.0.0.1");
  const owners = all.filter((part) => part.owns(url.pathname));
  expect(owners.length).toBe(1);
  const sent = form === undefined ? undefined : new Response(form);
  const bytes = sent === undefined ? Buffer.alloc(0) : Buffer.from(await sent.arrayBuffer());
  const headers = { "content-type": sent?.headers.get("content-type") ?? "" };
  const signal = new AbortController().signal;
  return await owners[0]!.answer({ method, url, headers, body: Readable.from([bytes]), signal });
}

it("where there is no Deno functions are kept, and calling one says that nothing runs it", async () => {
  const all = parts();
  const form = new FormData();
  form.append("metadata", JSON.stringify({ entrypoint_path: "index.ts", verify_jwt: false }));
  form.append("file", new Blob(["Deno.serve(() => new Response())"]), "index.ts");
  const functions = `/v1/projects/${PROJECT}/functions`;
  expect((await ask(all, "POST", `${functions}/deploy?slug=orders`, form)).status).toBe(201);
  expect((await ask(all, "GET", functions)).json).toMatchObject([
    { slug: "orders", version: 1, verify_jwt: false },
  ]);
  expect((await ask(all, "GET", "/functions/v1/orders")).status).toBe(501);
  expect((await ask(all, "GET", "/functions/v1/others")).status).toBe(404);
});

it("what a client does wrong is an answer, never a broken sandbox", async () => {
  const all = parts();
  const functions = `/v1/projects/${PROJECT}/functions`;
  const without = new FormData();
  without.append("file", new Blob(["x"]), "index.ts");
  const lost = new FormData();
  lost.append("metadata", JSON.stringify({ entrypoint_path: "other.ts" }));
  const answers = [
    await ask(all, "POST", `${functions}/deploy?slug=orders`),
    await ask(all, "POST", `${functions}/deploy?slug=orders`, without),
    await ask(all, "POST", `${functions}/deploy?slug=orders`, lost),
    await ask(all, "POST", `${functions}/deploy?slug=1`, lost),
    await ask(all, "PUT", functions),
    await ask(all, "GET", `/v1/projects/${"z".repeat(20)}/functions`),
    await ask(all, "DELETE", `${functions}/none`),
    await ask(all, "GET", `${functions}/none/body`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 404, 404, 404]);
});
