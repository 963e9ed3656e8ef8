import { expect, it } from "@jest/globals";
import type { HistoryEntry } from "../../../src/schema/history/entry.ts";
import { KnownProofs } from "../../../src/schema/rollback/known-proofs.ts";
import type { HistoryProofs } from "../../../src/schema/rollback/prove-history.ts";
import { prepareScript } from "../../../src/schema/script/prepare.ts";

const entry = (version: string, forward: string): HistoryEntry =>
  ({
    version,
    file: `${version}_x.sql`,
    forward,
    rollback: null,
    withoutTransaction: [],
    state: "applied",
    steps: 1,
  }) as unknown as HistoryEntry;

const going = async (of: HistoryEntry, text: string) => [
  {
    entry: of,
    rollback: await prepareScript({ file: "r.sql", text, firstLine: 1, transaction: true }),
  },
];

const GROUND = { major: 17, platform: undefined };

it("what was proved of the very same is known, and of nothing else", async () => {
  const known = new KnownProofs();
  let count = 0;
  const ask = async (
    history: readonly HistoryEntry[],
    rollback: string,
    ground: Parameters<KnownProofs["of"]>[2] = GROUND,
    why?: string,
  ): Promise<number> => {
    const before = count;
    await known.of(history, await going(history.at(-1)!, rollback), ground, async () => {
      count += 1;
      return { of: new Map(), why } satisfies HistoryProofs;
    });
    return count - before;
  };
  const one = [entry("1", "create table a ()"), entry("2", "create table b ()")];
  expect(await ask(one, "drop table b")).toBe(1);
  expect(await ask(one, "drop table b")).toBe(0);
  // How far each has come is nothing to the proof.
  expect(await ask([one[0]!, { ...one[1]!, state: "rolling-back", steps: 0 }], "drop table b")).toBe(0);
  expect(await ask(one, "drop table if exists b")).toBe(1);
  expect(await ask([one[0]!, entry("2", "create table b (x int)")], "drop table b")).toBe(1);
  expect(await ask([one[1]!], "drop table b")).toBe(1);
  expect(await ask(one, "drop table b", { ...GROUND, major: 16 })).toBe(1);
  expect(await ask(one, "drop table b", { ...GROUND, platform: "supabase" })).toBe(1);
});

it("what could not be proved is tried again", async () => {
  const known = new KnownProofs();
  const history = [entry("1", "create table a ()")];
  const why = ["the disk is full", undefined, undefined];
  let count = 0;
  const prove = async (): Promise<HistoryProofs> => ({ of: new Map(), why: why[count++] });
  for (let n = 0; n < 3; n += 1) {
    await known.of(history, await going(history[0]!, "drop table a"), GROUND, prove);
  }
  expect(count).toBe(2);
});
