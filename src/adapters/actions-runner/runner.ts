import {
  debug,
  error,
  getIDToken,
  getState,
  info,
  isDebug,
  notice,
  saveState,
  setOutput,
  setSecret,
  summary,
  warning,
} from "@actions/core";
import type { Annotation } from "../../kernel/outcome.ts";
import type { Log } from "../../ports/log.ts";
import { runnerLog } from "./runner-log.ts";

/** What a job runner offers an action, in the words of this project. */
export interface JobRunner {
  /** Hides a value in the job's log from now on. */
  mask(secret: string): void;
  /** Sets an output of the step. */
  output(name: string, value: string): void;
  /** Marks the step with an error that shows in the run's overview. */
  annotate(title: string, message: string): void;
  /** Marks a line of a file of the checkout, where a pull request shows it; without a file, the run. */
  annotateLine(annotation: Annotation): void;
  /** Adds Markdown to the job's summary; quietly nothing where the runner keeps none. */
  summarize(markdown: string): Promise<void>;
  /** Keeps a value for the post step. */
  remember(key: string, value: string): void;
  /** A value remembered by the main step, or the empty text. */
  recall(key: string): string;
  /** A fresh OIDC token of this job; needs `permissions: id-token: write`. */
  idToken(audience: string): Promise<string>;
  log(redact: (text: string) => string, elapsed: () => number): Log;
}

/** The runner this process is a step of, reached with GitHub's own toolkit. */
export function openJobRunner(env: Readonly<Record<string, string | undefined>>): JobRunner {
  return {
    mask(secret) {
      // The runner refuses an empty mask, and a mask of one or two letters would blank out half the log.
      for (const line of new Set([secret, ...secret.split(/\r?\n/)].map((text) => text.trim()))) {
        if (line.length >= 4) setSecret(line);
      }
    },
    output: (name, value) => setOutput(name, value),
    annotate: (title, message) => error(message, { title }),
    annotateLine({ level, file, line, title, message }) {
      const say = { error, warning, notice }[level];
      say(message, file === undefined ? { title } : { title, file, startLine: line ?? 1 });
    },
    async summarize(markdown) {
      if ((env["GITHUB_STEP_SUMMARY"] ?? "") === "") return;
      await summary.addRaw(markdown, true).write();
    },
    remember: (key, value) => saveState(key, value),
    recall: (key) => getState(key),
    idToken: (audience) => getIDToken(audience),
    log: (redact, elapsed) => runnerLog({ info, warning, debug }, { redact, elapsed, debug: isDebug() }),
  };
}
