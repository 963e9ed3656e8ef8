import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Secret } from "../../src/kernel/secret.ts";
import type { SlotCall, SlotHost } from "../../src/ports/slot-host.ts";
import { temporaryFolder } from "../support/tools.ts";

/** A host with one app that has production alone; and a way to see what runs at an address. */
export interface SlotHostUnderLaws extends AsyncDisposable {
  readonly host: SlotHost;
  /** The same host, of an app that it does not have. */
  readonly stranger: SlotHost;
  /** A package that answers with its build. */
  packageOf(build: string): Promise<Buffer>;
  /** `{build, settings}` of what answers; undefined where nothing of ours does. */
  visit(address: string): Promise<{ readonly build: string; readonly settings: object } | undefined>;
}

const call = (withinMs = 120_000): SlotCall => ({ withinMs, signal: new AbortController().signal });

/** What every {@link SlotHost} keeps. */
export function slotHostLaws(name: string, open: () => Promise<SlotHostUnderLaws>): void {
  describe(`${name} keeps the laws of slots`, () => {
    let under: SlotHostUnderLaws | undefined;
    afterEach(async () => {
      await under?.[Symbol.asyncDispose]();
      under = undefined;
    });
    const opened = async (): Promise<SlotHostUnderLaws> => (under = await open());

    /** Production runs build 1, staging build 2; ROLE sticks. */
    async function twoBuilds(): Promise<SlotHostUnderLaws & { readonly builds: () => Promise<unknown[]> }> {
      const it = await opened();
      const { host } = it;
      const folder = temporaryFolder("slots");
      for (const build of ["1", "2"]) writeFileSync(join(folder, `${build}.zip`), await it.packageOf(build));
      await host.makeSlot("staging", call());
      await host.deploy("production", join(folder, "1.zip"), call());
      await host.deploy("staging", join(folder, "2.zip"), call());
      const build = async (slot: string): Promise<unknown> =>
        (await it.visit((await host.slot(slot, call()))!.address))?.build;
      return { ...it, builds: async () => [await build("production"), await build("staging")] };
    }

    test("a slot is made once, like production, and is left as it is the second time", async () => {
      const { host } = await opened();
      expect(await host.slot("staging", call())).toBeUndefined();
      await host.putSettings("production", settings({ COLOUR: "blue", ROLE: "live" }), call());
      const made = await host.makeSlot("staging", call());
      expect(made).toMatchObject({ name: "staging", isRunning: true, previewInto: undefined });
      expect(made.address).not.toBe((await host.slot("production", call()))!.address);
      expect(shown(await host.settings("staging", call()))).toMatchObject({ COLOUR: "blue" });
      await host.putSettings("staging", settings({ COLOUR: "green" }), call());
      expect(await host.makeSlot("staging", call())).toEqual(await host.slot("staging", call()));
      expect(shown(await host.settings("staging", call()))).toEqual({ COLOUR: "green" });
      expect((await host.app(call())).slots).toEqual(["staging"]);
    });

    test("a slot that is not there is removed already, and one that is goes", async () => {
      const { host } = await opened();
      await host.removeSlot("staging", call());
      await host.makeSlot("staging", call());
      await host.removeSlot("staging", call());
      expect(await host.slot("staging", call())).toBeUndefined();
      await expect(host.removeSlot("Production", call())).rejects.toMatchObject({ code: "slots.refused" });
    });

    test("an app that is not there is an error, and never a slot that is not there", async () => {
      const { stranger } = await opened();
      await expect(stranger.slot("staging", call())).rejects.toMatchObject({ code: "slots.missing" });
      await expect(stranger.app(call())).rejects.toMatchObject({ code: "slots.missing" });
      await expect(stranger.swap("staging", "production", call())).rejects.toMatchObject({
        code: "slots.missing",
      });
    });

    test("differences name settings and never their values", async () => {
      const { host } = await opened();
      await host.makeSlot("staging", call());
      await host.putSettings("production", settings({ A: "one", B: "secret-1", C: "same" }), call());
      await host.putSettings("staging", settings({ B: "secret-2", C: "same", D: "four" }), call());
      const differences = await host.differences("staging", "production", call());
      expect(differences).toEqual([
        { kind: "setting", name: "A", isSticky: false, inSource: false, inTarget: true },
        { kind: "setting", name: "B", isSticky: false, inSource: true, inTarget: true },
        { kind: "setting", name: "D", isSticky: false, inSource: true, inTarget: false },
      ]);
      expect(JSON.stringify([...(await host.settings("staging", call()))])).not.toContain("secret-2");
    });

    test("a package is deployed twice as once, from a zip and from a folder", async () => {
      const it = await opened();
      const { host, visit } = it;
      const folder = temporaryFolder("package");
      writeFileSync(join(folder, "app.zip"), await it.packageOf("1"));
      const first = await host.deploy("production", join(folder, "app.zip"), call());
      const again = await host.deploy("production", join(folder, "app.zip"), call());
      expect(first).not.toBe(again);
      const { address } = (await host.slot("production", call()))!;
      expect((await visit(address))?.build).toBe("1");
      const built = join(folder, "built");
      mkdirSync(join(built, "lib"), { recursive: true });
      writeFileSync(join(built, "package.json"), '{"type":"module","main":"lib/serve.js"}');
      writeFileSync(
        join(built, "lib/serve.js"),
        `import { createServer } from "node:http";
         createServer((_, response) => response.end('{"build":"folder","settings":{}}'))
           .listen(Number(process.env.PORT), "127.0.0.1");`,
      );
      await host.deploy("production", built, call());
      expect((await visit(address))?.build).toBe("folder");
    });

    test("a package that is none is refused, one that does not build is told with its reason", async () => {
      const { host, visit } = await twoBuilds();
      const folder = temporaryFolder("package");
      writeFileSync(join(folder, "text.zip"), "this is no zip");
      await expect(host.deploy("staging", join(folder, "text.zip"), call())).rejects.toMatchObject({
        code: "package.unusable",
      });
      await expect(host.deploy("staging", join(folder, "none"), call())).rejects.toMatchObject({
        code: "package.unusable",
      });
      // The first bytes of a zip, and nothing after.
      writeFileSync(join(folder, "broken.zip"), Buffer.from("504b030414000000", "hex"));
      await expect(host.deploy("staging", join(folder, "broken.zip"), call())).rejects.toMatchObject({
        code: "deployment.failed",
        message: expect.stringMatching(/failed: \S/),
      });
      expect((await visit((await host.slot("staging", call()))!.address))?.build).toBe("2");
    });

    test("a swap is told to have happened, with what the host remembers of it", async () => {
      const { host, builds } = await twoBuilds();
      const first = await host.swap("staging", "production", call());
      expect(first).toMatchObject({
        outcome: "happened",
        failure: undefined,
        before: undefined,
        after: { source: "staging", target: "production" },
      });
      expect(await builds()).toEqual(["2", "1"]);
      const back = await host.swap("staging", "production", call());
      expect(back).toMatchObject({ outcome: "happened", before: first.after });
      expect(await builds()).toEqual(["1", "2"]);
    });

    test("a preview runs the source with the target's settings, once, and is released, twice", async () => {
      const { host, builds } = await twoBuilds();
      await host.preview("staging", "production", call());
      await host.preview("staging", "production", call());
      expect((await host.slot("staging", call()))!.previewInto).toBe("production");
      const refused = host.putSettings("production", settings({ A: "1" }), call());
      await expect(refused).rejects.toMatchObject({ code: "slots.locked" });
      await host.release("staging", call());
      await host.release("staging", call());
      expect((await host.slot("staging", call()))!.previewInto).toBeUndefined();
      await host.preview("staging", "production", call());
      expect((await host.swap("staging", "production", call())).outcome).toBe("happened");
      expect((await host.slot("staging", call()))!.previewInto).toBeUndefined();
      expect(await builds()).toEqual(["2", "1"]);
    });

    test("a call ends by its signal, with the signal's reason", async () => {
      const { host } = await opened();
      const stop = new AbortController();
      const reason = new Error("told to stop");
      stop.abort(reason);
      const ended = { withinMs: 60_000, signal: stop.signal };
      for (const work of [
        () => host.app(ended),
        () => host.makeSlot("staging", ended),
        () => host.swap("staging", "production", ended),
        () => host.deploy("production", import.meta.dirname, ended),
      ]) {
        await expect(work()).rejects.toBe(reason);
      }
    });
  });
}

function settings(values: Readonly<Record<string, string>>): ReadonlyMap<string, Secret> {
  return new Map(Object.entries(values).map(([name, value]) => [name, new Secret(value)]));
}

function shown(values: ReadonlyMap<string, Secret>): Record<string, string> {
  return Object.fromEntries([...values].map(([name, value]) => [name, value.reveal()]));
}
