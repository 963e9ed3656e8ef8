import { describe, expect, it } from "@jest/globals";
import { failureMarkdown, reportMarkdown } from "../../../src/entry/output/report-markdown.ts";
import { reportText } from "../../../src/entry/output/report-text.ts";
import { coveredOutputs, redactJson, redactReport } from "../../../src/entry/output/redact-json.ts";
import { escapeMarkdown } from "../../../src/kernel/markdown.ts";
import { Redactor } from "../../../src/kernel/redact.ts";
import { rememberingLog, withoutSaid } from "../../../src/entry/output/said.ts";
import type { Report } from "../../../src/kernel/outcome.ts";

const HOSTILE =
  "<img src=x onerror=alert(1)>|**b**\n::error::x `c` [l](https://evil.example) @org/team ![i](x) # h <!-- ";

const report: Report = {
  good: false,
  headline: `table ${HOSTILE} differs`,
  tables: [
    {
      title: HOSTILE,
      columns: ["table", "rows"],
      rows: [
        [HOSTILE, "1"],
        ["表", "22"],
      ],
    },
  ],
  notes: [HOSTILE],
};

describe("a report as Markdown", () => {
  it("lets no name from outside become markup, HTML, a link, a mention or a new line", () => {
    const markdown = reportMarkdown("validate", report);
    expect(markdown).not.toContain("<img");
    // The only comments are those that stand behind a sign of addresses and mentions.
    expect(markdown.replaceAll("&#64;<!-- -->", "")).not.toContain("<!--");
    expect(markdown).toContain("&#64;<!-- -->org/team");
    expect(markdown).not.toContain("https://");
    expect(markdown).not.toContain("@org");
    expect(markdown).not.toContain("**b**");
    expect(markdown).not.toMatch(/^::/m);
    const rows = markdown.split("\n").filter((line) => line.startsWith("| "));
    for (const row of rows) expect(row.split("|")).toHaveLength(4);
    expect(rows).toHaveLength(3);
  });

  it("escapes every character that means something to GitHub, and nothing else", () => {
    expect(escapeMarkdown("public.orders 12 rows")).toBe("public.orders 12 rows");
    expect(escapeMarkdown("a_b*c")).toBe("a&#95;b&#42;c");
    expect(escapeMarkdown("www.evil.example")).toBe("www&#46;evil.example");
  });

  it("shows as code what sentences have between backticks, and in titles of others they stay", () => {
    const sentence = "Write it as `type(scope): <subject>`, as `fix: x|y`; a ` alone and `` stay.";
    const markdown = reportMarkdown("pr-policy", {
      good: true,
      headline: "`a` is well",
      tables: [{ columns: ["what"], rows: [[sentence]] }],
      notes: ["see `policy.bots`"],
    });
    expect(markdown).toContain("&#96;a&#96; is well");
    expect(markdown).toContain(
      "| Write it as <code>type&#40;scope&#41;: &#60;subject&#62;</code>, as <code>fix: x&#124;y</code>; " +
        "a &#96; alone and &#96;&#96; stay. |",
    );
    expect(markdown).toContain("- see <code>policy.bots</code>\n");
    expect(
      failureMarkdown("init", {
        code: "c",
        exit: 4,
        message: "m",
        hint: "Run `x`.",
        causes: [],
        stack: undefined,
      }),
    ).toContain("Run <code>x</code>.");
  });

  it("cuts endless tables and says how much is missing", () => {
    const rows = Array.from({ length: 5000 }, (_, index) => [`t${index}`]);
    const markdown = reportMarkdown("list", {
      good: true,
      headline: "x",
      tables: [{ columns: ["table"], rows }],
      notes: rows.map(([name]) => name ?? ""),
    });
    expect(markdown).toContain("… and 4800 more rows");
    expect(markdown).toContain("… and 4800 more; they are in the log");
    expect(markdown.length).toBeLessThan(20_000);
  });

  it("is never larger than the runner takes, and says how much is missing", () => {
    const rows = Array.from({ length: 200 }, (_, index) => [`${index}${"<".repeat(3000)}`]);
    const markdown = reportMarkdown("list", {
      good: true,
      headline: "x",
      tables: [{ columns: ["name"], rows }],
      notes: [],
    });
    expect(Buffer.byteLength(markdown)).toBeLessThan(1024 * 1024);
    const [, more] = /… and (\d+) more lines; they are in the log\.\n$/.exec(markdown) ?? [];
    const shown = markdown.split("\n").filter((line) => line.startsWith("| ")).length;
    // The last line is empty.
    expect(shown + Number(more)).toBe(rows.length + 1 + 1);
  });

  it("tells a failure with hint and exit code", () => {
    const markdown = failureMarkdown("backup", {
      code: "store.denied",
      exit: 4,
      message: "denied <b>",
      hint: "Do x.",
      causes: [],
      stack: undefined,
    });
    expect(markdown).toBe("### ❌ backup: denied &#60;b&#62;\n\nDo x.\n\n`store.denied`, exit code 4\n");
  });
});

describe("a report as text", () => {
  it("puts the verdict first and aligns columns, wide characters included", () => {
    const text = reportText({
      good: true,
      headline: "fine",
      tables: [
        {
          columns: ["table", "rows"],
          rows: [
            ["表", "22"],
            ["orders", "1"],
          ],
        },
      ],
      notes: ["note"],
    });
    expect(text).toBe("✔ fine\n\n  table   rows\n  ──────  ────\n  表      22\n  orders  1\n\n- note\n");
  });

  it("folds a table that is wider than the terminal, and none where there is no terminal", () => {
    const rows = [
      ["20261126T221604Z-069c23", "shop", "failed verification: table public.ft is missing; 5 gaps"],
      ["20261126T221554Z-cab498", "a-name-of-a-source-that-is-long", "verified 2026-11-26"],
    ];
    const list: Report = {
      good: true,
      headline: "x",
      tables: [{ columns: ["backup", "source", "state"], rows }],
      notes: [],
    };
    const widest = (text: string): number => Math.max(...text.split("\n").map((line) => line.length));
    expect(widest(reportText(list))).toBeGreaterThan(110);
    for (const columns of [110, 80, 60, 40]) {
      expect(widest(reportText(list, { columns }))).toBeLessThanOrEqual(columns);
    }
    // Room enough for the last column: folded in it.
    expect(reportText(list, { columns: 110 })).toContain(
      "shop                             failed verification: table public.ft is missing; 5\n",
    );
    // Else it stands below its row, in whole words.
    expect(reportText(list, { columns: 80 })).toContain(
      "20261126T221604Z-069c23  shop\n      failed verification: table public.ft is missing; 5 gaps\n",
    );
  });

  it("names a last column that is a number where it stands below its row", () => {
    const table = {
      columns: ["backup", "verdict", "time"],
      rows: [["20261126T221604Z-069c23", "proved", "2.9 s"]],
    };
    expect(reportText({ good: true, headline: "x", tables: [table], notes: [] }, { columns: 36 })).toContain(
      "20261126T221604Z-069c23  proved\n      time: 2.9 s\n",
    );
  });

  it("says no note again that was a warning on the same screen", () => {
    const warned: string[] = [];
    const silent = {
      stage: () => undefined,
      info: () => undefined,
      debug: () => undefined,
      progress: () => ({ add: () => undefined, done: () => undefined }),
    };
    const { log, said } = rememberingLog({ ...silent, warn: (text) => void warned.push(text) });
    log.warn("jobs are paused");
    expect(warned).toEqual(["jobs are paused"]);
    expect(
      withoutSaid({ good: true, headline: "x", tables: [], notes: ["jobs are paused", "a note"] }, said)
        .notes,
    ).toEqual(["a note"]);
  });

  it("has no table that its headline tells whole, and every other one, however alike they look", () => {
    const found = {
      title: "what was found",
      columns: ["about", "name", "finding"],
      rows: [["role", "a", "gap: may not"]],
      inHeadline: true,
    };
    const removed = { title: "removed: what the backup has not", columns: ["object"], rows: [["role a"]] };
    const report = {
      good: false,
      headline: "restored with gaps: role a may not",
      tables: [found, removed],
      notes: [],
    };
    expect(withoutSaid(report, new Set()).tables).toEqual([removed]);
    const several = { ...found, inHeadline: false };
    expect(withoutSaid({ ...report, tables: [several, removed] }, new Set()).tables).toEqual([
      several,
      removed,
    ]);
    // Redaction makes new tables, and comes first.
    expect(withoutSaid(redactReport(report, new Redactor()), new Set()).tables).toEqual([removed]);
  });

  it("is redacted before it is folded: a secret that was broken in two would be found by nobody", () => {
    const redactor = new Redactor();
    redactor.add("correct horse battery");
    const table = {
      columns: ["a", "b"],
      rows: [["x", "the password correct horse battery is wrong, and so on and so on and so on"]],
    };
    const report = redactReport(
      { good: false, headline: "correct horse battery", tables: [table], notes: ["correct horse battery"] },
      redactor,
    );
    expect(reportText(report, { columns: 40 })).not.toMatch(/correct|horse|battery/);
  });

  it("shows control characters instead of obeying them", () => {
    expect(reportText({ good: false, headline: "a\u001B[31mb\nc\u202Ed", tables: [], notes: [] })).toBe(
      "✘ a\\u001b[31mb c\\u202ed\n",
    );
  });
});

describe("outputs", () => {
  it("in which a secret's word is covered are named, and no others", () => {
    const redactor = new Redactor();
    redactor.add("orders");
    const outputs = {
      id: "20261123T020000Z-3f9a1c",
      manifest: "database/orders/tier2/x",
      plan: [{ source: "orders" }],
    };
    const redacted = redactJson(outputs, redactor);
    expect(redacted).toEqual({ ...outputs, manifest: "database/***/tier2/x", plan: [{ source: "***" }] });
    const warnings = coveredOutputs(outputs, redacted);
    expect(warnings.map((text) => /^output '(\w+)' has \*\*\*/.exec(text)?.[1])).toEqual([
      "manifest",
      "plan",
    ]);
    expect(warnings.join()).not.toContain("orders");
    expect(coveredOutputs(outputs, outputs)).toEqual([]);
  });
});
