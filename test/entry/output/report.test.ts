import { describe, expect, it } from "@jest/globals";
import { escapeMarkdown, failureMarkdown, reportMarkdown } from "../../../src/entry/output/report-markdown.ts";
import { reportText } from "../../../src/entry/output/report-text.ts";
import type { Report } from "../../../src/kernel/outcome.ts";

const HOSTILE = "<img src=x onerror=alert(1)>|**b**\n::error::x `c` [l](https://evil.example) @org/team ![i](x) # h <!-- ";

const report: Report = {
  good: false,
  headline: `table ${HOSTILE} differs`,
  tables: [{ title: HOSTILE, columns: ["table", "rows"], rows: [[HOSTILE, "1"], ["表", "22"]] }],
  notes: [HOSTILE],
};

describe("a report as Markdown", () => {
  it("lets no name from outside become markup, HTML, a link, a mention or a new line", () => {
    const markdown = reportMarkdown("validate", report);
    expect(markdown).not.toContain("<img");
    expect(markdown).not.toContain("<!--");
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

  it("cuts endless tables and says how much is missing", () => {
    const rows = Array.from({ length: 5000 }, (_, index) => [`t${index}`]);
    const markdown = reportMarkdown("list", { good: true, headline: "x", tables: [{ columns: ["table"], rows }], notes: rows.map(([name]) => name ?? "") });
    expect(markdown).toContain("… and 4800 more rows");
    expect(markdown).toContain("… and 4800 more; they are in the log");
    expect(markdown.length).toBeLessThan(20_000);
  });

  it("tells a failure with hint and exit code", () => {
    const markdown = failureMarkdown("backup", { code: "store.denied", exit: 4, message: "denied <b>", hint: "Do x.", causes: [], stack: undefined });
    expect(markdown).toBe("### ❌ backup: denied &#60;b&#62;\n\nDo x.\n\n`store.denied`, exit code 4\n");
  });
});

describe("a report as text", () => {
  it("puts the verdict first and aligns columns, wide characters included", () => {
    const text = reportText({ good: true, headline: "fine", tables: [{ columns: ["table", "rows"], rows: [["表", "22"], ["orders", "1"]] }], notes: ["note"] });
    expect(text).toBe("✔ fine\n\n  table   rows\n  ──────  ────\n  表      22\n  orders  1\n\n- note\n");
  });

  it("shows control characters instead of obeying them", () => {
    expect(reportText({ good: false, headline: "a\u001B[31mb\nc\u202Ed", tables: [], notes: [] })).toBe("✘ a\\u001b[31mb c\\u202ed\n");
  });
});
