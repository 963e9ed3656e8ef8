import { describe, expect, it } from "@jest/globals";
import { ProofPace } from "../../../src/backups/backup/proof-pace.ts";

/** Whether the proof is helped, once everybody has heard. */
async function isHelped(pace: ProofPace): Promise<boolean> {
  return await Promise.race([pace.behind.then(() => true), Promise.resolve().then(() => false)]);
}

describe("the proof beside a dump of 800 bytes", () => {
  it("has one session while it keeps up, an eighth of the bytes behind at most", async () => {
    const pace = new ProofPace(800);
    for (let at = 0; at < 8; at += 1) {
      pace.dumped(100);
      expect(await isHelped(pace)).toBe(false);
      pace.counted(100);
    }
  });

  it("is helped once it is further behind, and stays helped", async () => {
    const pace = new ProofPace(800);
    pace.dumped(100);
    pace.counted(50);
    pace.dumped(50);
    expect(await isHelped(pace)).toBe(false);
    pace.dumped(1);
    expect(await isHelped(pace)).toBe(true);
    pace.counted(700);
    expect(await isHelped(pace)).toBe(true);
  });

  it("is helped when the dump has ended", async () => {
    const pace = new ProofPace(800);
    pace.counted(10);
    pace.dumpEnded();
    expect(await isHelped(pace)).toBe(true);
  });

  it("is helped at once where nobody knows how many bytes there are", async () => {
    const pace = new ProofPace(0);
    pace.dumped(1);
    expect(await isHelped(pace)).toBe(true);
  });
});
