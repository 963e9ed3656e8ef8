import type { Report } from "../../commands/define.ts";
import type { Log } from "../../ports/log.ts";

/**
 * A log, and every warning that it was given: what it has told stands above the report, on the same screen.
 */
export interface RememberingLog {
  readonly log: Log;
  readonly said: ReadonlySet<string>;
}

export function rememberingLog(log: Log): RememberingLog {
  const said = new Set<string>();
  return {
    said,
    log: {
      stage: (text) => log.stage(text),
      info: (text) => log.info(text),
      warn: (text) => {
        said.add(text);
        log.warn(text);
      },
      debug: (text) => log.debug(text),
      progress: (text, unit, total) => log.progress(text, unit, total),
    },
  };
}

/**
 * The report without notes that were told as warnings already, and without a table that the headline tells
 * whole; outputs and the job summary have all of them.
 */
export function withoutSaid(report: Report, said: ReadonlySet<string>): Report {
  return {
    ...report,
    notes: report.notes.filter((note) => !said.has(note)),
    tables: report.tables.filter((table) => table.inHeadline !== true),
  };
}
