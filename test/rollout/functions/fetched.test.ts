import { expect, it } from "@jest/globals";
import { fetchedSources } from "../../../src/rollout/functions/sources/fetched.ts";

function fetched(entrypoint: string | undefined, paths: readonly string[], importMap?: string): unknown {
  const files = paths.map((path) => ({ path, bytes: Buffer.from(path) }));
  const { files: all, ...rest } = fetchedSources({ slug: "orders", entrypoint, importMap }, files);
  return { ...rest, files: all.map(({ path }) => path) };
}

it("names of files as they were uploaded stay, and the address of the entrypoint finds its file", () => {
  const paths = ["supabase/functions/_shared/index.ts", "supabase/functions/orders/index.ts"];
  const place = "file:///tmp/user_fn_abc_1_7/source/supabase/functions/";
  expect(fetched(`${place}orders/index.ts`, paths)).toEqual({
    entrypoint: "supabase/functions/orders/index.ts",
    importMap: undefined,
    staticFiles: [],
    files: paths,
  });
});

it("the folder that the host has unpacked them into is left out, since it changes with each version", () => {
  const at = (version: number): unknown =>
    fetched(`file:///tmp/user_fn_${version}/source/index.ts`, [
      `/tmp/user_fn_${version}/source/index.ts`,
      `/tmp/user_fn_${version}/source/lib/a.ts`,
    ]);
  expect(at(7)).toEqual(at(8));
  expect(at(7)).toMatchObject({ entrypoint: "index.ts", files: ["index.ts", "lib/a.ts"] });
});

it("files that functions share lie above, and are brought below one root", () => {
  expect(
    fetched("file:///src/index.ts", ["index.ts", "../_shared/cors.ts", "../deno.json"], "file:///deno.json"),
  ).toEqual({
    entrypoint: "functions/index.ts",
    importMap: "deno.json",
    staticFiles: [],
    files: ["functions/index.ts", "_shared/cors.ts", "deno.json"],
  });
});

it("what no bundler follows was there by a pattern, and is named", () => {
  expect(fetched("source/index.ts", ["source/index.ts", "source/page.html"])).toMatchObject({
    staticFiles: ["source/page.html"],
  });
});

it("sources without the file that they are started by are none", () => {
  expect(() => fetched("file:///src/main.ts", ["lib/a.ts"])).toThrow(
    expect.objectContaining({ code: "functions.unreadable" }),
  );
});
