import { beforeEach, describe, expect, it } from "@jest/globals";
import { Catalog } from "../../../src/nouns/catalog/catalog.ts";
import { chooseKeys, chooseOne } from "../../../src/nouns/catalog/choose.ts";
import { explainNone } from "../../../src/nouns/catalog/none-found.ts";
import type { KnownStandings } from "../../../src/nouns/catalog/standing.ts";
import { writeDocument } from "../../../src/nouns/store/sealed-document.ts";
import type { Manifest, Receipt } from "../../../src/nouns/catalog/manifest.ts";
import { manifestPath, type BackupKey } from "../../../src/nouns/catalog/paths.ts";
import { FaultyStore } from "../../fakes/faulty-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { keyOf, sampleManifest, sampleReceipt } from "./samples.ts";

const OLD = keyOf("20261120T020000Z-aaaaaa");
const MIDDLE = keyOf("20261121T020000Z-bbbbbb");
const NEW = keyOf("20261122T020000Z-cccccc");
const BLOG = keyOf("20261123T020000Z-dddddd", "blog");

let store: MemoryStore;
let catalog: Catalog;
let digests: Map<BackupKey, string>;
beforeEach(async () => {
  store = new MemoryStore();
  catalog = new Catalog(store);
  digests = new Map();
  for (const key of [OLD, MIDDLE, NEW, BLOG]) digests.set(key, await catalog.commit(sampleManifest(key)));
});

async function receipt(key: BackupKey, changes: Partial<Receipt> = {}): Promise<void> {
  await catalog.addReceipt(sampleReceipt(key, { manifest: digests.get(key) ?? "", ...changes }));
}

/** One byte of the manifest is another one. */
function damage(key: BackupKey): void {
  const bytes = Buffer.from(store.blobs.get(manifestPath(key))?.bytes ?? "");
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  store.plant(manifestPath(key), bytes);
}

describe("choosing one backup", () => {
  it("takes the newest of the named source", async () => {
    expect(await chooseOne(catalog, { by: "latest" }, { source: "shop" })).toMatchObject({
      key: NEW,
      sha256: digests.get(NEW),
    });
    expect(await chooseOne(catalog, { by: "before", before: MIDDLE.time }, { source: "shop" })).toMatchObject(
      { key: MIDDLE },
    );
    expect(await chooseOne(catalog, { by: "id", id: OLD.id }, {})).toMatchObject({ key: OLD });
  });

  it("refuses to guess between several sources, and names them", async () => {
    await expect(chooseOne(catalog, { by: "latest" }, {})).rejects.toMatchObject({
      code: "input.conflict",
      exitCode: 2,
      message: expect.stringMatching(/blog.*shop|shop.*blog/),
      hint: expect.stringContaining("--source"),
    });
  });

  it("takes the newest that was verified, past those that are unverified or failed", async () => {
    expect(await chooseOne(catalog, { by: "latest-verified" }, { source: "shop" })).toBeUndefined();
    await receipt(OLD);
    await receipt(NEW, { kind: "opened" });
    expect(await chooseOne(catalog, { by: "latest-verified" }, { source: "shop" })).toMatchObject({
      key: OLD,
    });
    await receipt(MIDDLE);
    expect(await chooseOne(catalog, { by: "latest-verified" }, { source: "shop" })).toMatchObject({
      key: MIDDLE,
    });
    await receipt(MIDDLE, { verdict: "failed", finishedAt: "2026-11-22T05:00:00Z" });
    expect(await chooseOne(catalog, { by: "latest-verified" }, { source: "shop" })).toMatchObject({
      key: OLD,
    });
    await receipt(NEW, { manifest: digests.get(OLD)! });
    expect(await chooseOne(catalog, { by: "latest-verified" }, { source: "shop" })).toMatchObject({
      key: OLD,
    });
  });

  it("goes past a damaged or unreadable newest one to the newest verified, and says so", async () => {
    await receipt(OLD);
    await receipt(NEW);
    damage(NEW);
    store.plant(manifestPath(MIDDLE), writeDocument({ format: "holdfast.manifest/9" }).bytes);
    const warned: string[] = [];
    expect(
      await chooseOne(
        catalog,
        { by: "latest-verified" },
        { source: "shop" },
        { warn: (text) => warned.push(text) },
      ),
    ).toMatchObject({ key: OLD });
    expect(warned).toEqual([expect.stringContaining(NEW.id), expect.stringContaining(MIDDLE.id)]);
    expect(warned[0]).toContain("checksum");
  });

  it("never falls back silently from a damaged newest one: it names the damage and the way out", async () => {
    await receipt(OLD);
    damage(NEW);
    const refused = {
      code: "catalog.damaged",
      exitCode: 5,
      message: expect.stringContaining(NEW.id),
      hint: expect.stringContaining("--backup latest-verified"),
    };
    await expect(chooseOne(catalog, { by: "latest" }, { source: "shop" })).rejects.toMatchObject(refused);
    await expect(
      chooseOne(catalog, { by: "before", before: NEW.time }, { source: "shop" }),
    ).rejects.toMatchObject(refused);
  });

  it("takes the newest verified, or up to a time, that gives what is wanted; one named always", async () => {
    for (const key of [OLD, MIDDLE, NEW]) await receipt(key);
    const warned: string[] = [];
    const options = { suits: ({ id }: Manifest) => id === OLD.id, warn: (text: string) => warned.push(text) };
    expect(await chooseOne(catalog, { by: "latest-verified" }, { source: "shop" }, options)).toMatchObject({
      key: OLD,
    });
    expect(warned).toEqual([expect.stringContaining(NEW.id), expect.stringContaining(MIDDLE.id)]);
    expect(
      await chooseOne(catalog, { by: "before", before: MIDDLE.time }, { source: "shop" }, options),
    ).toMatchObject({ key: OLD });
    expect(await chooseOne(catalog, { by: "latest" }, { source: "shop" }, options)).toMatchObject({
      key: NEW,
    });
    expect(await chooseOne(catalog, { by: "id", id: MIDDLE.id }, {}, options)).toMatchObject({ key: MIDDLE });
    // When none can, the newest is given, so that its own refusal tells what is wrong.
    expect(
      await chooseOne(catalog, { by: "latest-verified" }, { source: "shop" }, { suits: () => false }),
    ).toMatchObject({ key: NEW });
  });

  it("counts the snapshot and not the beginning when a time is named, to the millisecond", async () => {
    const late = keyOf("20261124T020000Z-eeeeee");
    await catalog.commit(sampleManifest(late, { snapshotAt: "2026-11-24T02:00:07.250Z" }));
    const upTo = async (before: string): Promise<string | undefined> =>
      (await chooseOne(catalog, { by: "before", before: new Date(before) }, { source: "shop" }))?.key.id;
    expect(await upTo("2026-11-24T02:00:07.250Z")).toBe(late.id);
    expect(await upTo("2026-11-24T02:00:07.249Z")).toBe(NEW.id);
    expect(await upTo("2026-11-24T01:59:59.999Z")).toBe(NEW.id);
    expect(await upTo("2026-11-20T01:59:59.999Z")).toBeUndefined();
    // The clock of the machine that made the id was ahead of the server's.
    const ahead = keyOf("20261125T020000Z-ffffff");
    await catalog.commit(sampleManifest(ahead, { snapshotAt: "2026-11-25T01:58:00.000Z" }));
    expect(await upTo("2026-11-25T01:59:00.000Z")).toBe(ahead.id);
    expect(await upTo("2026-11-25T01:57:59.999Z")).toBe(late.id);
  });

  it("gives nothing where the store holds nothing that fits", async () => {
    expect(await chooseOne(catalog, { by: "latest" }, { source: "shop", tier: "tier1" })).toBeUndefined();
    expect(await chooseOne(catalog, { by: "day", day: "2001-01-01" }, { source: "shop" })).toBeUndefined();
    expect(await chooseOne(new Catalog(new MemoryStore()), { by: "latest" }, {})).toBeUndefined();
  });

  it("says that an id does not exist only after the store was read completely", async () => {
    const unknown = { by: "id", id: "20991231T235959Z-ffffff" } as const;
    await expect(chooseOne(catalog, unknown, {})).rejects.toMatchObject({
      code: "input.no-such-backup",
      exitCode: 2,
      hint: expect.stringContaining(BLOG.id),
    });
    await expect(chooseOne(new Catalog(new MemoryStore()), unknown, {})).rejects.toMatchObject({
      code: "input.no-such-backup",
      hint: expect.stringContaining("no backups here"),
    });
    for (const failAt of [1, 2]) {
      await expect(
        chooseOne(new Catalog(new FaultyStore(store, { failAt })), unknown, {}),
      ).rejects.toMatchObject({ code: "store.unreachable", exitCode: 4 });
    }
  });

  it("never takes a store that failed for one without backups, wherever it fails", async () => {
    await receipt(OLD);
    const healthy = new FaultyStore(store, { failAt: 0 });
    await chooseOne(new Catalog(healthy), { by: "latest-verified" }, { source: "shop" });
    expect(healthy.events).toBeGreaterThan(8);
    for (let failAt = 1; failAt <= healthy.events; failAt += 1) {
      const faulty = new Catalog(new FaultyStore(store, { failAt }));
      await expect(chooseOne(faulty, { by: "latest-verified" }, { source: "shop" })).rejects.toMatchObject({
        code: "store.unreachable",
      });
      if (failAt <= 2) {
        await expect(
          chooseKeys(new Catalog(new FaultyStore(store, { failAt })), { by: "latest" }, {}),
        ).rejects.toMatchObject({ code: "store.unreachable" });
      }
    }
  });
});

describe("when nothing is chosen", () => {
  const verified = { by: "latest-verified" } as const;

  it("says of how many backups none is verified, why, and what would prove one", async () => {
    expect(await explainNone(catalog, verified, { source: "shop" })).toEqual({
      why: "of 3 backups none is verified: 3 never validated",
      next: [
        expect.stringContaining(`holdfast validate --store ${store.url} --source shop --backup ${NEW.id}\``),
        expect.stringContaining("by its id"),
      ],
    });
    await receipt(NEW, { verdict: "failed" });
    await receipt(MIDDLE, { verdict: "gaps" });
    expect(await explainNone(catalog, verified, { source: "shop" })).toEqual({
      why: "of 3 backups none is verified: 1 failed validation, 1 restored with gaps only, 1 never validated",
      next: [
        expect.stringContaining(`--backup ${OLD.id}\``),
        expect.stringMatching(new RegExp(`--backup ${MIDDLE.id} .*--accept-gaps`)),
        expect.any(String),
      ],
    });
    damage(OLD);
    expect((await explainNone(catalog, verified, { source: "shop" })).why).toMatch(
      /1 restored with gaps only, 1 with a manifest that is damaged or cannot be read$/,
    );
  });

  it("reads no blob a second time to say why none is verified", async () => {
    for (const key of [OLD, MIDDLE]) await receipt(key, { verdict: "gaps" });
    damage(NEW);
    const read: string[] = [];
    const heard = new Catalog(
      new Proxy(store, {
        get: (inner, name) =>
          name === "get"
            ? (...[path, range]: Parameters<MemoryStore["get"]>) => (read.push(path), inner.get(path, range))
            : (Reflect.get(inner, name, inner) as unknown),
      }),
    );
    const standings: KnownStandings = new Map();
    expect(await chooseOne(heard, verified, { source: "shop" }, { standings })).toBeUndefined();
    const once = read.splice(0);
    // A damaged one twice by the choice itself: the store may have lied.
    expect(once).toHaveLength(6);
    const why =
      "of 3 backups none is verified: 2 restored with gaps only, 1 with a manifest that is damaged " +
      "or cannot be read";
    expect((await explainNone(heard, verified, { source: "shop" }, standings)).why).toBe(why);
    expect(read).toEqual([]);
    // One that came meanwhile is read, and nothing besides.
    standings.delete(manifestPath(OLD));
    expect((await explainNone(heard, verified, { source: "shop" }, standings)).why).toBe(why);
    expect(read).toHaveLength(2);
  });

  it("gives a command that a shell takes as it is", async () => {
    const spaced = new MemoryStore("file:///var/my backups");
    const there = new Catalog(spaced);
    await there.commit(sampleManifest(NEW));
    expect((await explainNone(there, verified, { source: "shop" })).next[0]).toContain(
      "holdfast validate --store 'file:///var/my backups' --source shop ",
    );
  });

  it("names the sources that are there, and the one that is meant", async () => {
    expect(await explainNone(catalog, verified, { source: "shp" })).toEqual({
      why: "it holds 4 backups, and none of source shp",
      next: [expect.stringContaining("it has backups of blog, shop: did you mean --source shop?")],
    });
    expect((await explainNone(catalog, { by: "latest" }, { source: "shop", tier: "tier4" })).why).toBe(
      "it holds 4 backups, and none of source shop, tier tier4",
    );
    expect((await explainNone(new Catalog(new MemoryStore()), { by: "latest" }, {})).why).toBe(
      "it holds no backups at all",
    );
  });

  it("says between which the time would have to lie, and that safety backups go by id", async () => {
    expect((await explainNone(catalog, { by: "day", day: "2026-10-01" }, { source: "shop" })).why).toContain(
      `3 backups, the oldest ${OLD.id} and the newest ${NEW.id}`,
    );
    const key = { ...keyOf("20261124T020000Z-eeeeee", "kept"), tier: "safety" } as const;
    await catalog.commit(sampleManifest(key));
    expect((await explainNone(catalog, { by: "latest" }, { source: "kept" })).why).toBe(
      "1 safety backup and no other",
    );
  });

  it("suggests the id written most like it, and as the newest none made before a restore", async () => {
    await catalog.commit(sampleManifest({ ...keyOf("20261124T020000Z-eeeeee"), tier: "safety" }));
    await expect(
      chooseKeys(catalog, { by: "id", id: "20261121T020000Z-bbbbba" }, { source: "shop" }),
    ).rejects.toMatchObject({
      code: "input.no-such-backup",
      hint: `Did you mean ${MIDDLE.id}? See \`holdfast list\`; the newest is ${NEW.id}.`,
    });
  });
});
