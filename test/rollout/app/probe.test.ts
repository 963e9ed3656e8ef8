import { describe, expect, test } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Web, WebAnswer } from "../../../src/ports/web.ts";
import { surelyInItsPlace } from "../../../src/rollout/app/not-the-app.ts";
import { probe } from "../../../src/rollout/app/probe.ts";
import { rollout, type RolloutSettings } from "../../../src/rollout/app/settings.ts";

const WANTED = { version: "1.3.0", build: "7" };

function answers(of: Readonly<Record<string, Partial<WebAnswer>>>): Web {
  return {
    get(address) {
      const found = of[new URL(address).pathname];
      if (found !== undefined) {
        return Promise.resolve({ status: 200, headers: new Map<string, string>(), body: "", ...found });
      }
      return Promise.reject(new HoldfastError("web.unreachable", "no answer in 20 s", { hint: "Look." }));
    },
  };
}

async function probed(
  health: object,
  of: Readonly<Record<string, Partial<WebAnswer>>>,
  wanted: typeof WANTED | undefined = WANTED,
): Promise<readonly [kind: string, what: string]> {
  const settings: RolloutSettings = rollout.parse({ health });
  const found = await probe(
    answers(of),
    "https://shop.test",
    settings.health,
    wanted,
    new AbortController().signal,
  );
  return [found.kind, found.what];
}

const header = { build: { header: "X-Build" } };
const said = (value: string): Partial<WebAnswer> => ({ headers: new Map([["x-build", value]]) });

describe("a path has surely not reached an app", () => {
  test.each<[string, Partial<WebAnswer> & { readonly to?: string }, boolean]>([
    [
      "by a sign-in of Azure",
      {
        status: 302,
        to:
          "https://login.windows.net/x/oauth2/authorize?redirect_uri=" +
          encodeURIComponent("https://shop.test/.auth/login/aad/callback"),
      },
      true,
    ],
    [
      "not by the app's own way to the same sign-in",
      {
        status: 302,
        to:
          "https://login.microsoftonline.com/x/oauth2/v2.0/authorize?redirect_uri=" +
          encodeURIComponent("https://shop.test/auth/callback"),
      },
      false,
    ],
    ["by its own way there", { status: 302, to: "/.auth/login/aad" }, true],
    ["by restrictions", { status: 403, body: "Ip Forbidden" }, true],
    ["not by a page of the app's to sign in", { status: 302, to: "/login?next=%2F" }, false],
    ["not by another place", { status: 301, to: "/home" }, false],
    ["not by a good answer", { status: 200 }, false],
  ])("%s", (_, { to, ...answer }, expected) => {
    const headers = new Map(to === undefined ? [] : [["location", to]]);
    expect(surelyInItsPlace({ status: 200, headers, body: "", ...answer }) !== undefined).toBe(expected);
  });
});

describe("what answers in an app's place is told as what it is", () => {
  const at = async (of: Partial<WebAnswer>): Promise<string> => (await probed({}, { "/health": of }))[1];
  const headed = (status: number, name: string, value: string): Partial<WebAnswer> => ({
    status,
    headers: new Map([[name, value]]),
  });
  const login =
    "https://login.microsoftonline.com/1234/oauth2/v2.0/authorize?redirect_uri=x&state=secret-of-a-kind";

  test.each([
    [
      "Azure's sign-in",
      headed(302, "location", login),
      "it leads to login.microsoftonline.com, where people",
    ],
    ["its way there", headed(301, "location", "/.auth/login/aad?x=1"), "it leads to /.auth/login/aad, where"],
    [
      "a login page",
      headed(302, "location", "https://id.shop.test/login"),
      "it leads to id.shop.test, where",
    ],
    [
      "a challenge",
      headed(401, "www-authenticate", 'Bearer realm="shop"'),
      "people have to sign in: the app",
    ],
    [
      "a refusal of its authentication",
      { status: 403, body: "You do not have permission to view this directory or page." },
      "whoever has not signed in is refused: the app may be as well as ever",
    ],
    [
      "restrictions",
      headed(403, "x-ms-forbidden-ip", "20.1.2.3"),
      "access restrictions keep out 20.1.2.3: the",
    ],
  ])("%s", async (_, answer, words) => {
    const told = await at(answer);
    expect(told).toContain(`answers ${answer.status}, and not 200: ${words}`);
    expect(told).not.toContain("secret-of-a-kind");
  });

  test.each([
    ["a redirect elsewhere", headed(302, "location", "/blogin/")],
    ["one without a place", { status: 302 }],
    ["an app's own refusal", { status: 403, body: "no" }],
    ["an app's own 401", headed(401, "www-authenticate", "Basic")],
    ["an ill app", { status: 503, body: "You do not have permission to view this directory or page." }],
  ])("and not %s", async (_, answer) => {
    expect(await at(answer)).toMatch(/answers \d+, and not 200$/);
  });
});

describe("an app", () => {
  test("is well by its status and its text", async () => {
    expect((await probed({}, { "/health": {} }))[0]).toBe("well");
    expect(await probed({}, { "/health": { status: 503 } })).toEqual([
      "ill",
      "/health of https://shop.test answers 503, and not 200",
    ]);
    expect((await probed({ contains: "up" }, { "/health": { body: "it is up" } }))[0]).toBe("well");
    expect((await probed({ contains: "up" }, { "/health": { body: "down" } }))[0]).toBe("ill");
    expect((await probed({ status: 204 }, { "/health": {} }))[0]).toBe("ill");
  });

  test("that does not answer is ill, and that is no error", async () => {
    expect(await probed({}, {})).toEqual(["ill", "no answer in 20 s"]);
  });

  test.each(["1.3.0", "v1.3.0", "1.3.0+7", "v1.3.0+7"])("that says %s is the build", async (value) => {
    expect((await probed(header, { "/health": said(value) }))[0]).toBe("well");
  });

  test.each(["1.3.0+8", "1.3.1", "1.3.0-rc.1", ""])("that says '%s' is another", async (value) => {
    expect((await probed(header, { "/health": said(value) }))[0]).toBe("other");
  });

  test("that does not say which build it is, is ill", async () => {
    expect((await probed(header, { "/health": {} }))[0]).toBe("ill");
    const json = { build: { path: "/version", json: "app.build" } };
    expect((await probed(json, { "/health": {} }))[0]).toBe("ill");
    expect((await probed(json, { "/health": {}, "/version": { body: "<html>" } }))[0]).toBe("ill");
    expect((await probed(json, { "/health": {}, "/version": { body: '{"app":null}' } }))[0]).toBe("ill");
    expect(
      (await probed(json, { "/health": {}, "/version": { body: '{"app":{"build":"v1.3.0"}}' } }))[0],
    ).toBe("well");
  });

  test("may be any build where none is asked for", async () => {
    expect((await probed(header, { "/health": said("0.1") }, undefined as never))[0]).toBe("other");
  });

  test("cannot write over several lines of a terminal", async () => {
    const [, what] = await probed(header, { "/health": said("1\n2\u001B[31m") });
    expect(what).not.toMatch(/[\n\u001B]/);
  });
});

test("addresses of somebody else are no paths", () => {
  for (const path of ["//evil.test/", "https://evil.test", "/a b", ""]) {
    expect(rollout.safeParse({ health: { path } }).success).toBe(false);
  }
});

test("an app may hand the mark of its slot on as its build", async () => {
  const mark = (text: string): Promise<readonly [string, string]> =>
    probed(header, { "/health": said(text) });
  expect(await mark("1.3.0+7 3fa9c1d20b7e")).toEqual([
    "well",
    expect.stringContaining("is 1.3.0+7 3fa9c1d20b7e"),
  ]);
  expect((await mark("1.2.9+7 3fa9c1d20b7e"))[0]).toBe("other");
  expect((await mark(" 1.3.0"))[0]).toBe("other");
});
