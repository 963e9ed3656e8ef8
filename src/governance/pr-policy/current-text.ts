import type { PolicyRequest } from "./request.ts";
import { told } from "../../nouns/forge/told.ts";

/**
 * The request with the title and description that count. An event is as it was when its run began; when that
 * is started again, the text may have been edited since, and whoever passed once would pass for ever.
 *
 * @throws forge.untold
 */
export async function withCurrentText(
  request: PolicyRequest,
): Promise<{ readonly request: PolicyRequest; readonly notes: readonly string[] }> {
  const { event, forge, judge } = request;
  if (event?.isRerun !== true || judge === "coverage") return { request, notes: [] };
  if (forge === undefined) {
    const old =
      "this run was started again, and without a token nobody can be asked: judged were title and " +
      "description as they were when it first began";
    return { request, notes: [old] };
  }
  const { number } = event;
  const pull = told(await forge.pulls.pull(number), `pull request #${number}`);
  const { title, body, author, isDraft } = pull;
  const hasMoved = pull.head.commit !== event.head.commit;
  const head = event.head.commit.slice(0, 10);
  const { branch } = pull.base;
  const { range } = request;
  const base = range.base === `origin/${event.base.branch}` ? `origin/${branch}` : range.base;
  return {
    request: {
      ...request,
      title,
      body,
      base: branch,
      range: { ...range, base },
      event: { ...event, title, body, author, isDraft, base: { branch } },
    },
    notes: [
      "this run was started again: title and description were asked for, and are as of now",
      ...(hasMoved ? [`the pull request has other commits by now; judged were those up to ${head}`] : []),
    ],
  };
}
