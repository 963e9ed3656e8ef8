import { describe, expect, it } from "@jest/globals";
import { isHoldfastError, type ErrorCode } from "../../src/kernel/errors.ts";
import type { FunctionHost, FunctionUpload } from "../../src/ports/function-host.ts";

/** A host to be tried, empty at first. */
export interface TriedHost extends AsyncDisposable {
  readonly host: FunctionHost;
}

const signal = new AbortController().signal;

export function upload(slug: string, text: string, more: Partial<FunctionUpload> = {}): FunctionUpload {
  const entrypoint = `functions/${slug}/index.ts`;
  return {
    slug,
    entrypoint,
    importMap: undefined,
    staticFiles: [],
    verifyJwt: false,
    files: [
      { path: entrypoint, bytes: Buffer.from(text) },
      { path: "functions/_shared/cors.ts", bytes: Buffer.from("export const cors = 1;\n") },
    ],
    ...more,
  };
}

export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | "none"> {
  try {
    await work;
  } catch (error) {
    if (isHoldfastError(error)) return error.code;
    throw error;
  }
  return "none";
}

/** The laws of {@link FunctionHost}. */
export function functionHostLaws(name: string, make: () => Promise<TriedHost>): void {
  const put = async (host: FunctionHost, ...uploads: readonly FunctionUpload[]): Promise<void> => {
    await host.activate(await Promise.all(uploads.map((each) => host.upload(each, signal))), signal);
  };
  describe(`${name} keeps the laws of a function host`, () => {
    it("an upload is served to nobody before it is activated", async () => {
      await using tried = await make();
      const { host } = tried;
      const uploaded = await host.upload(upload("orders", "one"), signal);
      expect([await host.list(signal), uploaded.version, uploaded.slug]).toEqual([[], 1, "orders"]);
      await host.activate([uploaded], signal);
      expect(await host.list(signal)).toMatchObject([
        { slug: "orders", version: 1, status: "ACTIVE", verifyJwt: false },
      ]);
    });

    it("an upload done twice is done once, and the last one counts", async () => {
      await using tried = await make();
      const { host } = tried;
      await put(host, upload("orders", "one"));
      await host.upload(upload("orders", "two"), signal);
      await put(host, upload("orders", "three"));
      expect(await host.list(signal)).toMatchObject([{ version: 2 }]);
      expect((await host.body("orders", signal)).map(({ bytes }) => bytes.toString())).toContain("three");
    });

    it("activating is one call for all, done twice is done once, and leaves the others alone", async () => {
      await using tried = await make();
      const { host } = tried;
      await put(host, upload("orders", "one"), upload("users", "one"), upload("mail", "one"));
      const both = [
        await host.upload(upload("orders", "two"), signal),
        await host.upload(upload("users", "two"), signal),
      ];
      await host.activate(both, signal);
      await host.activate(both, signal);
      const versions = (await host.list(signal)).map((each) => [each.slug, each.version]);
      expect(versions.sort()).toEqual([
        ["mail", 1],
        ["orders", 2],
        ["users", 2],
      ]);
    });

    it("sources come back as they were uploaded, and can be uploaded again", async () => {
      await using tried = await make();
      const { host } = tried;
      const first = upload("orders", "grüße\r\n\0--x");
      await put(host, first);
      const [live] = await host.list(signal);
      const files = await host.body("orders", signal);
      const plain = (all: FunctionUpload["files"]): string[] =>
        all.map(({ path, bytes }) => `${path} ${bytes.toString("hex")}`).sort();
      expect(plain(files)).toEqual(plain(first.files));
      await put(host, { ...first, files });
      const [again] = await host.list(signal);
      expect([again!.bundle, again!.version]).toEqual([live!.bundle, 2]);
    });

    it("what is not there is told as such, and removing it is done", async () => {
      await using tried = await make();
      const { host } = tried;
      expect(await codeOf(host.body("orders", signal))).toBe("functions.not-found");
      await put(host, upload("orders", "one"));
      await host.remove("orders", signal);
      await host.remove("orders", signal);
      expect(await host.list(signal)).toEqual([]);
    });

    it("what the host cannot make a bundle of is refused, and changes nothing", async () => {
      await using tried = await make();
      const { host } = tried;
      await put(host, upload("orders", "one"));
      const broken = upload("orders", "two", { entrypoint: "functions/orders/main.ts" });
      expect(await codeOf(host.upload(broken, signal))).toBe("functions.refused");
      expect(await host.list(signal)).toMatchObject([{ version: 1 }]);
    });

    it("every status of a called function is an answer", async () => {
      await using tried = await make();
      const { host } = tried;
      await put(host, upload("orders", "v1.2.3"), upload("bad", "FAIL 500"));
      const call = (slug: string): ReturnType<FunctionHost["call"]> =>
        host.call({ slug, method: "GET", path: "/health?deep=1", headers: {}, body: undefined }, signal);
      expect(await call("orders")).toMatchObject({ status: 200, text: "v1.2.3" });
      expect([(await call("bad")).status, (await call("none")).status]).toEqual([500, 404]);
    });

    it("a call that is told to stop ends with the reason", async () => {
      await using tried = await make();
      const stopped = AbortSignal.abort(new Error("told to stop"));
      await expect(tried.host.list(stopped)).rejects.toThrow("told to stop");
      await expect(tried.host.upload(upload("orders", "one"), stopped)).rejects.toThrow("told to stop");
    });
  });
}
