import { readFile } from "node:fs/promises";
import * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import { mergesOf } from "../../ports/merges.ts";
import type { MergeGroupEvent, PullRequestEvent } from "../../ports/pull-request-event.ts";

const REPOSITORY = z.object({
  allow_merge_commit: z.boolean().optional(),
  allow_squash_merge: z.boolean().optional(),
  allow_rebase_merge: z.boolean().optional(),
  squash_merge_commit_title: z.string().optional(),
  squash_merge_commit_message: z.string().optional(),
});

const HASH = z.string().regex(/^[0-9a-f]{40,64}$/);

const EVENT = z.object({
  merge_group: z
    .object({ head_ref: z.string(), head_sha: HASH, base_ref: z.string(), base_sha: HASH })
    .optional(),
  pull_request: z
    .object({
      number: z.number().int(),
      title: z.string(),
      body: z.string().nullish(),
      draft: z.boolean().nullish(),
      user: z.object({ login: z.string() }).nullish(),
      head: z.object({ ref: z.string(), sha: HASH }),
      base: z.object({ ref: z.string(), repo: REPOSITORY.nullish() }),
    })
    .optional(),
});

/**
 * Reads the event's file (`GITHUB_EVENT_PATH`); undefined where the job runs for no pull request.
 *
 * @param attempt which of the run's attempts this is (`GITHUB_RUN_ATTEMPT`), from 1
 * @throws source.unreadable
 */
export async function pullRequestEvent(path: string, attempt: number): Promise<PullRequestEvent | undefined> {
  const { pull_request: pull } = await eventOf(path);
  if (pull === undefined) return undefined;
  return {
    number: pull.number,
    title: pull.title,
    body: pull.body ?? "",
    head: { branch: pull.head.ref, commit: pull.head.sha },
    base: { branch: pull.base.ref },
    author: pull.user?.login ?? "ghost",
    isDraft: pull.draft === true,
    isRerun: attempt > 1,
    merges: mergesOf(pull.base.repo ?? {}),
  };
}

/**
 * Reads the event's file; undefined where the job runs for no merge group.
 *
 * @throws source.unreadable
 */
export async function mergeGroupEvent(path: string): Promise<MergeGroupEvent | undefined> {
  const { merge_group: group } = await eventOf(path);
  if (group === undefined) return undefined;
  return {
    branch: group.head_ref.replace(/^refs\/heads\//, ""),
    commit: group.head_sha,
    base: { branch: group.base_ref.replace(/^refs\/heads\//, ""), commit: group.base_sha },
  };
}

async function eventOf(path: string): Promise<z.infer<typeof EVENT>> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw unreadable(path, error);
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, error);
  }
  const event = EVENT.safeParse(content);
  if (!event.success) throw unreadable(path, event.error);
  return event.data;
}

function unreadable(path: string, error: unknown): HoldfastError {
  const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
  return new HoldfastError("source.unreadable", `the event in ${path} could not be read: ${why}`, {
    hint: "The runner writes it (GITHUB_EVENT_PATH); outside of a job say --local.",
    cause: error,
  });
}
