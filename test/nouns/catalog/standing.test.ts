import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Catalog } from "../../../src/nouns/catalog/catalog.ts";
import type { Receipt } from "../../../src/nouns/catalog/manifest.ts";
import { readStanding, standingOf } from "../../../src/nouns/catalog/standing.ts";
import { FaultyStore } from "../../fakes/faulty-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { keyOf, sampleManifest, sampleReceipt } from "./samples.ts";

const KEY = keyOf("20261122T020000Z-bbbbbb");

/** `restored proved 10:00` → a receipt. */
function receipts(...words: string[]): Receipt[] {
  return words.map((text) => {
    const [kind, verdict, at] = text.split(" ") as [Receipt["kind"], Receipt["verdict"], string];
    const findings =
      verdict === "failed"
        ? [{ severity: "difference" as const, about: "table", name: "t", message: `${kind} differs` }]
        : [];
    return sampleReceipt(KEY, {
      kind,
      verdict,
      findings,
      finishedAt: at.includes("T") ? at : `2026-11-22T${at}:00Z`,
    });
  });
}

describe("a backup's standing", () => {
  it.each<[string[], string, string | undefined, string | undefined]>([
    [[], "unverified", undefined, "never validated"],
    [["stored proved 10:00"], "unverified", "stored", "only stored"],
    [["opened proved 10:00", "stored proved 11:00"], "unverified", "opened", "only opened"],
    [["restored gaps 10:00"], "unverified", undefined, "restored with gaps"],
    [["opened proved 09:00", "restored gaps 10:00"], "unverified", "opened", "restored with gaps"],
    [["restored proved 10:00"], "verified", "restored", undefined],
    [["restored proved 10:00", "restored gaps 11:00"], "verified", "restored", undefined],
    [
      ["restored proved 10:00", "stored failed 11:00"],
      "failed verification",
      undefined,
      "table t stored differs",
    ],
    [["restored failed 10:00", "restored proved 11:00"], "verified", "restored", undefined],
    [
      ["restored failed 10:00", "opened proved 11:00"],
      "failed verification",
      undefined,
      "table t restored differs",
    ],
    [
      ["restored failed 10:00", "restored gaps 11:00"],
      "failed verification",
      undefined,
      "table t restored differs",
    ],
    [
      ["restored proved 10:00", "opened failed 10:00"],
      "failed verification",
      undefined,
      "table t opened differs",
    ],
    [
      ["restored proved 09:00", "restored failed 10:00", "restored proved 11:00", "stored failed 12:00"],
      "failed verification",
      undefined,
      "table t stored differs",
    ],
    [["recovered failed 10:00"], "unverified", undefined, "never validated"],
    [["restored proved 10:00", "recovered failed 11:00"], "verified", "restored", undefined],
    [["recovered proved 11:00"], "unverified", undefined, "never validated"],
    [
      ["restored failed 10:00", "recovered proved 11:00"],
      "failed verification",
      undefined,
      "table t restored differs",
    ],
    [
      ["restored proved 2026-11-22T10:00:00.5Z", "stored failed 2026-11-22T10:00:00Z"],
      "verified",
      "restored",
      undefined,
    ],
    [
      ["restored proved 2026-11-22T10:00:00Z", "stored failed 2026-11-22T10:00:00.500Z"],
      "failed verification",
      undefined,
      "table t stored differs",
    ],
    [
      ["restored proved 2026-11-22T10:00:00.5Z", "stored failed 2026-11-22T10:00:00.50Z"],
      "failed verification",
      undefined,
      "table t stored differs",
    ],
  ])("with receipts %j is %s", (words, state, depth, reason) => {
    const standing = standingOf(receipts(...words));
    expect([standing.state, standing.depth, standing.reason]).toEqual([state, depth, reason]);
  });

  const anyReceipts = fc
    .array(
      fc.tuple(
        fc.constantFrom("stored", "opened", "restored", "recovered"),
        fc.constantFrom("proved", "gaps", "failed"),
        fc.integer({ min: 10, max: 14 }),
      ),
      { maxLength: 9 },
    )
    .map((list) => receipts(...list.map(([kind, verdict, hour]) => `${kind} ${verdict} ${hour}:00`)));

  it("never depends on the order of the receipts", () => {
    fc.assert(
      fc.property(
        anyReceipts.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        ([list, shuffled]) => {
          expect(standingOf(shuffled)).toEqual(standingOf(list));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is failed by a failure at the end and verified by a proof at the end, whatever was before", () => {
    fc.assert(
      fc.property(anyReceipts, fc.constantFrom("stored", "opened", "restored"), (before, kind) => {
        expect(standingOf([...before, ...receipts(`${kind} failed 23:00`)])).toMatchObject({
          state: "failed verification",
          reason: `table t ${kind} differs`,
        });
        expect(standingOf([...before, ...receipts("restored proved 23:00")])).toMatchObject({
          state: "verified",
          at: "2026-11-22T23:00:00Z",
        });
      }),
    );
  });

  it("is never changed by recoveries", () => {
    fc.assert(
      fc.property(anyReceipts, (list) =>
        expect(standingOf(list)).toEqual(standingOf(list.filter(({ kind }) => kind !== "recovered"))),
      ),
    );
  });
});

describe("accepted gaps", () => {
  const gap = {
    severity: "gap",
    about: "extension",
    name: "pg_net",
    message: "could not be created here",
  } as const;
  const at = (hour: number, changes: Partial<Receipt>): Receipt =>
    sampleReceipt(KEY, { finishedAt: `2026-11-22T${hour}:00:00Z`, ...changes });

  it("verify a backup, and are those of the deciding receipt", () => {
    const accepted = at(11, { format: "holdfast.receipt/3", accepted: [gap] });
    expect(standingOf([at(10, { verdict: "gaps", findings: [gap] }), accepted])).toMatchObject({
      state: "verified",
      accepted: [gap],
    });
    expect(standingOf([accepted, at(12, {})])).not.toHaveProperty("accepted");
    expect(standingOf([accepted, at(12, { verdict: "failed" })])).toMatchObject({
      state: "failed verification",
    });
  });

  it("verify it until a later proof finds gaps, accepted or not by then; one without stays", () => {
    const accepted = at(11, { format: "holdfast.receipt/3", accepted: [gap] });
    const gaps = (hour: number): Receipt => at(hour, { verdict: "gaps", findings: [gap] });
    expect(standingOf([accepted, gaps(12)])).toMatchObject({
      state: "unverified",
      reason: "restored with gaps",
    });
    expect(
      standingOf([accepted, gaps(12), at(13, { ...accepted, finishedAt: "2026-11-22T13:00:00Z" })]),
    ).toMatchObject({ state: "verified", at: "2026-11-22T13:00:00Z" });
    expect(standingOf([at(10, {}), accepted, gaps(12)])).toEqual({
      state: "verified",
      depth: "restored",
      at: "2026-11-22T10:00:00Z",
      damagedReceipts: [],
    });
    expect(standingOf([at(10, { verdict: "failed" }), accepted, gaps(12)])).toMatchObject({
      state: "unverified",
      reason: "restored with gaps",
    });
    // Of the same instant nobody can say which was later.
    expect(standingOf([accepted, gaps(11)])).toMatchObject({ state: "unverified" });
  });

  it("are in a format of their own, which a version that does not know them refuses", async () => {
    const { writeDocument, readDocument } = await import("../../../src/nouns/store/sealed-document.ts");
    const { receipt, receiptFormat } = await import("../../../src/nouns/catalog/manifest.ts");
    expect([
      receiptFormat({}),
      receiptFormat({ notCompared: [] }),
      receiptFormat({ accepted: [gap], notCompared: [] }),
    ]).toEqual(["holdfast.receipt/1", "holdfast.receipt/2", "holdfast.receipt/3"]);
    const { bytes } = writeDocument(at(11, { format: "holdfast.receipt/3", accepted: [gap] }));
    const older = ["holdfast.receipt/1", "holdfast.receipt/2"];
    expect(() => readDocument(bytes, receipt, older, "it")).toThrow(
      expect.objectContaining({ code: "catalog.unknown-format" }),
    );
    expect(readDocument(bytes, receipt, [...older, "holdfast.receipt/3"], "it").value.accepted).toEqual([
      gap,
    ]);
  });
});

describe("a standing read from a store", () => {
  async function prepared(): Promise<{ store: MemoryStore; catalog: Catalog; sha256: string }> {
    const store = new MemoryStore();
    const catalog = new Catalog(store);
    return { store, catalog, sha256: await catalog.commit(sampleManifest(KEY)) };
  }
  const standing = async (
    catalog: Catalog,
    sha256?: string,
  ): Promise<Awaited<ReturnType<typeof readStanding>>> =>
    readStanding(catalog, KEY, (await catalog.receiptPaths()).get(KEY.id) ?? [], sha256);

  it("counts receipts about exactly this manifest", async () => {
    const { catalog, sha256 } = await prepared();
    await catalog.addReceipt(sampleReceipt(KEY, { manifest: "f".repeat(64) }));
    await catalog.addReceipt(sampleReceipt(KEY, { manifest: sha256, source: "blog" }));
    await catalog.addReceipt(sampleReceipt(KEY, { manifest: sha256, tier: "tier1" }));
    expect(await standing(catalog, sha256)).toMatchObject({ state: "unverified", reason: "never validated" });
    await catalog.addReceipt(sampleReceipt(KEY, { manifest: sha256 }));
    expect(await standing(catalog, sha256)).toMatchObject({ state: "verified", damagedReceipts: [] });
  });

  it("does not count a receipt copied from another backup", async () => {
    const { store, catalog, sha256 } = await prepared();
    const path = await catalog.addReceipt(
      sampleReceipt(keyOf("20261121T020000Z-aaaaaa"), { manifest: sha256 }),
    );
    store.plant(`receipts/${KEY.id}/20261122T041000Z-restored.json`, store.blobs.get(path)!.bytes);
    expect(await standing(catalog, sha256)).toMatchObject({ state: "unverified" });
  });

  it("shows a damaged receipt and one of a newer format without counting them", async () => {
    const { store, catalog, sha256 } = await prepared();
    const path = await catalog.addReceipt(sampleReceipt(KEY, { manifest: sha256, verdict: "failed" }));
    const bytes = Buffer.from(store.blobs.get(path)!.bytes);
    bytes[30] = (bytes[30] ?? 0) ^ 1;
    store.plant(path, bytes);
    const { writeDocument } = await import("../../../src/nouns/store/sealed-document.ts");
    const newer = `receipts/${KEY.id}/20270101T000000Z-restored.json`;
    store.plant(newer, writeDocument({ format: "holdfast.receipt/2" }).bytes);
    await catalog.addReceipt(sampleReceipt(KEY, { manifest: sha256 }));
    expect(await standing(catalog, sha256)).toMatchObject({
      state: "verified",
      damagedReceipts: [path, newer].sort(),
    });
  });

  it("is not made up when the store cannot be asked", async () => {
    const { store, catalog, sha256 } = await prepared();
    await catalog.addReceipt(sampleReceipt(KEY, { manifest: sha256 }));
    for (let failAt = 1; failAt <= 3; failAt += 1) {
      await expect(standing(new Catalog(new FaultyStore(store, { failAt })), sha256)).rejects.toMatchObject({
        code: "store.unreachable",
      });
    }
  });
});
