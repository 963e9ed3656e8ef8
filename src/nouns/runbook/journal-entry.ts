import * as z from "zod";
import type { Json } from "../../kernel/outcome.ts";
import { runRecord } from "../store/run-record.ts";

const json: z.ZodType<Json> = z.json();
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const step = z.string();
const what = z.string();

/** What happened, in the order it did. Times are those of {@link journalEntry}. */
const event = z.discriminatedUnion("kind", [
  /** The run begins: what it will do, and the hashes that {@link Plan} has. */
  z.strictObject({
    kind: z.literal("opened"),
    runbook: z.string(),
    target: z.string(),
    inputs: json,
    definition: digest,
    plan: digest,
    steps: z.array(
      z.strictObject({ id: step, title: z.string(), component: z.string(), stage: z.int().nonnegative() }),
    ),
    run: runRecord,
  }),
  /** Another process goes on with it. */
  z.strictObject({ kind: z.literal("resumed"), run: runRecord }),
  /** It was so already: nothing is done, and nothing will be taken back. */
  z.strictObject({ kind: z.literal("found"), step, what }),
  /** Written before the act: from here on nobody knows without looking. */
  z.strictObject({ kind: z.literal("acting"), step, attempt: z.int().positive(), what, evidence: json }),
  z.strictObject({ kind: z.literal("act-failed"), step, attempt: z.int().positive(), message: z.string() }),
  z.strictObject({ kind: z.literal("acted"), step, attempt: z.int().positive() }),
  z.strictObject({ kind: z.literal("confirmed"), step, what }),
  z.strictObject({
    kind: z.literal("failed"),
    step,
    message: z.string(),
    rule: z.enum(["stop", "undo", "escalate", "continue"]),
  }),
  z.strictObject({ kind: z.literal("undoing"), step, what }),
  z.strictObject({ kind: z.literal("undone"), step, what }),
  z.strictObject({ kind: z.literal("undo-failed"), step, message: z.string() }),
  z.strictObject({ kind: z.literal("cancelled"), message: z.string() }),
  z.strictObject({
    kind: z.literal("ended"),
    outcome: z.enum(["done", "incomplete", "stopped", "undone", "escalated"]),
  }),
]);

/**
 * One entry of a journal, as it lies in the store: `journals/<run>/<number>.json`, created and never changed.
 * Each names the one before it, so that a missing or exchanged one shows.
 */
export const journalEntry = z.strictObject({
  format: z.literal("holdfast.journal/1"),
  /** Of this journal. */
  run: z.string(),
  /** From 1, without a gap. */
  number: z.int().positive(),
  at: z.iso.datetime(),
  /** SHA-256 of the bytes of the entry before it; null in the first. */
  previous: digest.nullable(),
  event,
});

export type JournalEntry = z.infer<typeof journalEntry>;
export type JournalEvent = JournalEntry["event"];
