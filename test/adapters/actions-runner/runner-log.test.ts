import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { harmless, runnerLog } from "../../../src/adapters/actions-runner/runner-log.ts";
import { parseCommands } from "../../e2e/runner.ts";

function recording(debug = false) {
  const calls: [string, string][] = [];
  let now = 0;
  const toolkit = {
    info: (text: string) => void calls.push(["info", text]),
    warning: (text: string) => void calls.push(["warning", text]),
    debug: (text: string) => void calls.push(["debug", text]),
  };
  const log = runnerLog(toolkit, {
    redact: (text) => text.replaceAll("hunter22", "***"),
    elapsed: () => now,
    debug,
  });
  return { calls, log, pass: (ms: number) => (now += ms) };
}

describe("the log of a job runner", () => {
  it("lets no text from outside become a command to the runner", () => {
    const hostile = [
      "::set-output name=id::x",
      "  ::add-path::/evil",
      "##[error]x",
      "a ##[add-path]b",
      "line\n::stop-commands::x",
      "\r::error::x",
      "\u2028::error::x",
      "::",
    ];
    for (const text of hostile) expect(parseCommands(harmless(text))).toEqual([]);
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom("::", "##[", "error", "]", "\n", "\r", " ", "\t", "add-path", "\u0085", "x"),
        ),
        (parts) => expect(parseCommands(harmless(parts.join("")))).toEqual([]),
      ),
    );
  });

  it("keeps ordinary text as it is", () => {
    expect(harmless("public.orders::text = '##' [x]\n  indented")).toBe(
      "public.orders::text = '##' [x]\n  indented",
    );
  });

  it("redacts everything and sends debug messages only when debug logging is on", () => {
    const { calls, log } = recording();
    log.stage("hunter22");
    log.info("hunter22");
    log.warn("hunter22");
    log.debug("hunter22");
    log.progress("hunter22", "bytes").done("hunter22");
    expect(JSON.stringify(calls)).not.toContain("hunter22");
    expect(calls.map(([kind]) => kind)).toEqual(["info", "info", "warning", "info"]);
    const loud = recording(true);
    loud.log.debug("detail");
    expect(loud.calls).toEqual([["debug", "detail"]]);
  });

  it("shows progress at most every ten seconds", () => {
    const { calls, log, pass } = recording();
    const progress = log.progress("dump", "bytes", 1_000_000_000);
    for (let second = 0; second < 35; second += 1) {
      pass(1000);
      progress.add(10_000_000);
    }
    expect(calls).toHaveLength(3);
    expect(calls[0]?.[1]).toMatch(/^ {2}dump: 100 MB of about 1\.00 GB, 10\.0 MB\/s, 1 min 30 s left$/);
  });
});
