import { readMessage } from "../commits/message.ts";
import type { Scene } from "./pull-request.ts";

/** A message that a squash of the pull request may write. */
export interface SquashMessage {
  /** Whose its header is: the title's, or that of the only commit. */
  readonly from: "title" | "commit";
  /** False where nobody says that it has the only commit's header: then that is a warning's worth. */
  readonly isSure: boolean;
  readonly header: string;
  /** Header and what is kept below it. */
  readonly text: string;
}

/**
 * What GitHub proposes for a squash, and a merge queue writes: none where nobody squashes, two where nobody
 * says which. https://docs.github.com/rest/repos/repos#update-a-repository
 */
export function squashMessages({ pull, policy }: Pick<Scene, "pull" | "policy">): readonly SquashMessage[] {
  const { methods, "squash-title": wanted, "squash-body": below } = policy.merge;
  if (methods !== undefined && !methods.includes("squash")) return [];
  const [only, another] = pull.commits;
  const described = below === "description" ? pull.body : "";
  const kept = below === "commits" ? pull.commits.map(({ message }) => message).join("\n\n") : described;
  const title = {
    from: "title",
    isSure: true,
    header: pull.title,
    text: `${pull.title}\n\n${kept}`,
  } as const;
  if (only === undefined || another !== undefined || wanted === "pr-title") return [title];
  const { header } = readMessage(only.message);
  // With its own header GitHub writes the rest of it too, unless it is told to write the description.
  const text = below === "description" ? `${header}\n\n${described}` : only.message;
  // One header is judged once, where nothing else is kept below the other.
  if (wanted === undefined && header === pull.title.trim() && text.trim() === title.text.trim()) {
    return [title];
  }
  const commit = { from: "commit", isSure: wanted !== undefined, header, text } as const;
  return wanted === "commit-or-pr-title" ? [commit] : [title, commit];
}

/** What is said where nobody knows what a squash is called, and it makes a difference. */
export function untoldTitles(scenes: readonly Pick<Scene, "pull" | "policy">[]): readonly string[] {
  const isOpen = scenes.some((scene) => {
    const [one, other] = squashMessages(scene);
    return other !== undefined && one?.header !== other.header;
  });
  return isOpen
    ? [
        "what a squash of a single commit is called is not known here: the title and, as GitHub has it by " +
          "default, the commit's header are both judged; policy.merge.squash-title says which it is",
      ]
    : [];
}
