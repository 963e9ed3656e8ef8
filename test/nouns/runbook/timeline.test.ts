import { describe, expect, it } from "@jest/globals";
import type { JournalEntry, JournalEvent } from "../../../src/nouns/runbook/journal-entry.ts";
import { recordOf } from "../../../src/nouns/runbook/record.ts";
import { timelineHtml, timelineMermaid, timelineTable } from "../../../src/nouns/runbook/timeline.ts";

const RUN = { kind: "cli", id: "host:1", url: null, commit: null, actor: "ada" } as const;
const NONE = "0".repeat(64);

/** Entries with the seconds after the first one at which they were written. */
function entries(...events: readonly (readonly [seconds: number, event: JournalEvent])[]): JournalEntry[] {
  const opened: JournalEvent = {
    kind: "opened",
    runbook: "deploy",
    target: "production",
    inputs: null,
    definition: NONE,
    plan: NONE,
    steps: [
      { id: "slot", title: "make slot 'next'", component: "application", stage: 0 },
      { id: "swap", title: "swap <next>; then: soak", component: "application", stage: 1 },
      { id: "functions", title: "activate 3 functions", component: "functions", stage: 1 },
      { id: "clean", title: "remove the slot", component: "application", stage: 2 },
    ],
    run: RUN,
  };
  const all = [[0, opened] as const, ...events];
  return all.map(([seconds, event], at) => ({
    format: "holdfast.journal/1",
    run: "r1",
    number: at + 1,
    at: new Date(Date.UTC(2026, 10, 28, 9, 0, seconds)).toISOString(),
    previous: at === 0 ? null : NONE,
    event,
  }));
}

const acting = (step: string): JournalEvent => ({
  kind: "acting",
  step,
  attempt: 1,
  what: "",
  evidence: null,
});

const JOURNAL = entries(
  [1, { kind: "found", step: "slot", what: "it is there" }],
  [2, acting("swap")],
  [3, acting("functions")],
  [10, { kind: "resumed", run: RUN }],
  [12, { kind: "confirmed", step: "swap", what: "build 7 answers" }],
  [13, { kind: "failed", step: "functions", message: "401 <b>", rule: "stop" }],
  [13, { kind: "ended", outcome: "stopped" }],
);

describe("the record of a journal", () => {
  it("has the time of each step, and of each part without counting time twice", () => {
    const record = recordOf(JOURNAL);
    expect(record).toMatchObject({ outcome: "stopped", processes: 2 });
    expect(record.ended.getTime() - record.began.getTime()).toBe(13_000);
    expect([...record.components]).toEqual([
      ["application", 10_000],
      ["functions", 10_000],
    ]);
    expect(record.steps.map(({ id, state }) => `${id} ${state}`)).toEqual([
      "slot found",
      "swap confirmed",
      "functions failed",
      "clean open",
    ]);
  });

  it("of a run that was killed says that nobody saw its end", () => {
    const record = recordOf(JOURNAL.slice(0, 4));
    expect(record.outcome).toBe("unfinished");
    expect(timelineTable(record).rows[1]?.[2]).toBe("BEGUN, end not seen");
  });
});

describe("a timeline", () => {
  it("tells every step in its order", () => {
    expect(timelineTable(recordOf(JOURNAL)).rows).toEqual([
      ["make slot 'next'", "application", "was so", "1.0 s", "0.0 s", "it is there"],
      ["swap <next>; then: soak", "application", "done", "2.0 s", "10 s", "build 7 answers"],
      ["activate 3 functions", "functions", "FAILED", "3.0 s", "10 s", "401 <b>"],
      ["remove the slot", "application", "not reached", "", "", ""],
    ]);
  });

  it("is a Gantt chart whose titles hold nothing that Mermaid takes for its own", () => {
    expect(timelineMermaid(recordOf(JOURNAL))).toBe(`gantt
  title deploy of production
  dateFormat x
  axisFormat %H:%M:%S
  section application
  make slot 'next' :done, 1795856401000, 1795856401001
  swap  next   then  soak :done, 1795856402000, 1795856412000
  section functions
  activate 3 functions :crit, 1795856403000, 1795856413000
`);
    expect(timelineMermaid(recordOf(JOURNAL.slice(0, 1)))).toBe("");
  });

  it("is a page that shows texts and never runs them", () => {
    const html = timelineHtml(recordOf(JOURNAL));
    expect(html).toContain("<td>401 &lt;b&gt;</td>");
    expect(html).not.toMatch(/<b>|<next>|<script|https?:/);
    expect(html.match(/<rect/g)).toHaveLength(3);
    expect(html).toContain('<rect class="bad"');
  });
});
