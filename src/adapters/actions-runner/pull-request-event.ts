import { readFile } from "node:fs/promises";
import { z } from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import type { PullRequestEvent } from "../../ports/pull-request-event.ts";

const REPOSITORY = z.object({
  allow_merge_commit: z.boolean().optional(),
  allow_squash_merge: z.boolean().optional(),
  allow_rebase_merge: z.boolean().optional(),
  squash_merge_commit_message: z.string().optional(),
});

const EVENT = z.object({
  pull_request: z
    .object({
      number: z.number().int(),
      title: z.string(),
      body: z.string().nullish(),
      draft: z.boolean().nullish(),
      user: z.object({ login: z.string() }).nullish(),
      head: z.object({ ref: z.string(), sha: z.string().regex(/^[0-9a-f]{40,64}$/) }),
      base: z.object({ ref: z.string(), repo: REPOSITORY.nullish() }),
    })
    .optional(),
});

/**
 * Reads the event's file (`GITHUB_EVENT_PATH`); undefined where the job runs for no pull request.
 *
 * @throws source.unreadable
 */
export async function pullRequestEvent(path: string): Promise<PullRequestEvent | undefined> {
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
  const pull = event.data.pull_request;
  if (pull === undefined) return undefined;
  const repo = pull.base.repo;
  return {
    number: pull.number,
    title: pull.title,
    body: pull.body ?? "",
    head: { branch: pull.head.ref, commit: pull.head.sha },
    base: { branch: pull.base.ref },
    author: pull.user?.login ?? "ghost",
    isDraft: pull.draft === true,
    merges:
      repo?.allow_squash_merge === undefined
        ? undefined
        : {
            merge: repo.allow_merge_commit === true,
            squash: repo.allow_squash_merge,
            rebase: repo.allow_rebase_merge === true,
            keepsCommits: repo.squash_merge_commit_message === "COMMIT_MESSAGES",
          },
  };
}

function unreadable(path: string, error: unknown): HoldfastError {
  const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
  return new HoldfastError("source.unreadable", `the event in ${path} could not be read: ${why}`, {
    hint: "The runner writes it (GITHUB_EVENT_PATH); outside of a job say --local.",
    cause: error,
  });
}
