import { describe, expect, it } from "@jest/globals";
import { attachingAlone, type Round } from "../../../../src/backups/copy/artifacts/rounds.ts";
import type { TocEntry } from "../../../../src/ports/dump-tools.ts";

const entry = (id: number, type: string, ...needs: number[]): TocEntry => ({
  line: `${id}; 0 0 ${type}`,
  type,
  rest: "",
  id: String(id),
  catalog: "0",
  oid: "0",
  needs: needs.map(String),
});

const round = (sections: NonNullable<Round["phase"]["sections"]>, ...entries: TocEntry[]): Round => ({
  phase: { artifact: {} as Round["phase"]["artifact"], sections },
  entries,
});

const shape = (rounds: readonly Round[]): unknown =>
  rounds.map(({ entries, alone }) => ({ ids: entries.map(({ id }) => id).join(" "), alone: alone === true }));

describe("indexes of partitions", () => {
  it("are attached by one connection, after what they need and before what needs them", () => {
    const entries = [
      entry(1, "INDEX"),
      entry(2, "CONSTRAINT"),
      entry(3, "INDEX", 4),
      entry(5, "INDEX ATTACH", 1, 3),
      entry(6, "INDEX ATTACH", 2, 5),
      entry(7, "FK CONSTRAINT", 2, 6),
      entry(8, "TRIGGER"),
      entry(9, "COMMENT", 7),
    ];
    expect(shape(attachingAlone(round(["post-data"], ...entries)))).toEqual([
      { ids: "1 2 3 8", alone: false },
      { ids: "5 6", alone: true },
      { ids: "7 9", alone: false },
    ]);
  });

  it("make no round of their own where there are none, or where none are loaded", () => {
    const [index, attach] = [entry(1, "INDEX"), entry(2, "INDEX ATTACH", 1)];
    expect(shape(attachingAlone(round(["post-data"], index)))).toEqual([{ ids: "1", alone: false }]);
    expect(shape(attachingAlone(round(["pre-data", "data"], index, attach)))).toEqual([
      { ids: "1 2", alone: false },
    ]);
    expect(shape(attachingAlone(round(["post-data"], attach)))).toEqual([{ ids: "2", alone: true }]);
  });
});
