import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmTaskListItemFromMarkdown } from "mdast-util-gfm-task-list-item";
import { toString } from "mdast-util-to-string";
import { gfmTaskListItem } from "micromark-extension-gfm-task-list-item";
import { withinTime } from "../../kernel/within-time.ts";

/** Markdown that was made for it takes minutes to read; what people write takes a tenth of a second. */
const READING_MS = 5_000;

type Root = ReturnType<typeof fromMarkdown>;
type RootContent = Root["children"][number];
type Nodes = Root | RootContent;

/** An item of a checklist. */
export interface Task {
  readonly text: string;
  readonly done: boolean;
  /** Line of the description, from 1. */
  readonly line: number;
}

/** A part of a description under a heading, or under words that stand for one. */
export interface Section {
  /** As it is written, without marks; empty for what comes before the first one. */
  readonly heading: string;
  readonly line: number;
  /** Of its heading, from 1; words that stand for one are below every heading. */
  readonly depth: number;
  /** What a reader sees of it, comments and the like left out. */
  readonly text: string;
}

/** What a reader sees of a pull request's description. */
export interface Description {
  readonly sections: readonly Section[];
  readonly tasks: readonly Task[];
  /** Everything that is seen, code left out. */
  readonly prose: string;
  /** Paragraphs that stand in nothing else: no list, no quotation, no code. */
  readonly paragraphs: readonly string[];
  /** Targets of links. */
  readonly links: readonly string[];
}

/** GitHub takes no more; a description beyond it is none of GitHub's. */
export const DESCRIPTION_MAX = 65_536;

/**
 * Reads GitHub's Markdown: https://github.github.com/gfm/
 *
 * @returns undefined where that takes longer than anything that people write
 */
export function readDescription(markdown: string, ms = READING_MS): Description | undefined {
  try {
    return withinTime(ms, () => readAll(markdown))?.value;
  } catch (error) {
    // Nested deeper than the parser can go.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readAll(markdown: string): Description {
  const text = markdown.slice(0, DESCRIPTION_MAX).replaceAll("\r\n", "\n");
  const root: Root = fromMarkdown(text, {
    extensions: [gfmTaskListItem()],
    mdastExtensions: [gfmTaskListItemFromMarkdown()],
  });
  const tasks: Task[] = [];
  const links: string[] = [];
  const prose: string[] = [];
  walk(root, (node) => {
    if (node.type === "listItem" && typeof node.checked === "boolean") {
      const [first] = node.children;
      tasks.push({
        text: first === undefined ? "" : toString(first).trim(),
        done: node.checked,
        line: node.position?.start.line ?? 1,
      });
    }
    if (node.type === "link" || node.type === "definition") links.push(node.url);
    if (node.type === "text") prose.push(node.value);
  });
  const paragraphs = root.children.flatMap((node) =>
    node.type === "paragraph" ? [seenOf(node).trim()] : [],
  );
  return { sections: sectionsOf(root), tasks, prose: prose.join("\n"), paragraphs, links };
}

/** Depth first, without recursion: what is nested ten thousand deep is read too. */
function walk(root: Nodes, visit: (node: Nodes) => void): void {
  const left: Nodes[] = [root];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    visit(node);
    if ("children" in node) left.push(...[...node.children].reverse());
  }
}

/**
 * `**What:** text` and `What: text` begin a section as a heading does; people write both. An address begins
 * none.
 */
const LEAD = /^([\p{L}][\p{L} /&?'-]{0,40}?)\s*(?::(?=\s|$)|：)\s*/u;
/** Below every heading. */
const LEAD_DEPTH = 7;

function sectionsOf(root: Root): Section[] {
  const sections: { heading: string; line: number; depth: number; parts: string[] }[] = [
    { heading: "", line: 1, depth: LEAD_DEPTH, parts: [] },
  ];
  const begin = (heading: string, line: number, depth: number): void => {
    sections.push({ heading: heading.trim(), line, depth, parts: [] });
  };
  for (const node of root.children) {
    const line = node.position?.start.line ?? 1;
    if (node.type === "heading") {
      begin(toString(node), line, node.depth);
      continue;
    }
    const lead = leadOf(node);
    if (lead !== undefined) begin(lead, line, LEAD_DEPTH);
    const seen = seenOf(node);
    const said =
      lead === undefined ? seen : seen.slice(seen.indexOf(lead) + lead.length).replace(/^\s*[:：]\s*/, "");
    if (said.trim() !== "") sections.at(-1)!.parts.push(said.trim());
  }
  return sections.map(({ heading, line, depth, parts }) => ({
    heading,
    line,
    depth,
    text: parts.join("\n"),
  }));
}

function leadOf(node: RootContent): string | undefined {
  if (node.type !== "paragraph") return undefined;
  const [first] = node.children;
  if (first?.type === "strong") {
    const words = toString(first).trim();
    const after = toString(node).slice(words.length);
    if (/[:：]$/.test(words) || /^\s*[:：]/.test(after) || node.children.length === 1) {
      return words.replace(/\s*[:：]$/, "");
    }
    return undefined;
  }
  return LEAD.exec(toString(node))?.[1];
}

/** Comments and tags are not seen, pictures are. */
function seenOf(node: RootContent): string {
  const parts: string[] = [];
  walk(node, (each) => {
    if (each.type === "text" || each.type === "inlineCode" || each.type === "code") parts.push(each.value);
    if (each.type === "image" || each.type === "imageReference") parts.push(each.alt || "a picture");
    if (each.type === "html") {
      parts.push(/<(?:img|video)\b/i.test(each.value) ? "a picture" : withoutTags(each.value));
    }
    if (each.type === "paragraph" || each.type === "listItem" || each.type === "break") parts.push("\n");
  });
  return parts.join("").replace(/\n{2,}/g, "\n");
}

/** Without patterns that a stranger's text could keep busy. */
function withoutTags(html: string): string {
  let seen = "";
  for (let at = 0; at < html.length;) {
    const open = html.indexOf("<", at);
    if (open === -1) return seen + html.slice(at);
    seen += html.slice(at, open);
    const isComment = html.startsWith("<!--", open);
    const close = html.indexOf(isComment ? "-->" : ">", open);
    if (close === -1) return seen;
    at = close + (isComment ? 3 : 1);
  }
  return seen;
}

const PLACEHOLDER = new RegExp(
  "^(?:(?:todo|tbd|t\\.b\\.d\\.|wip|xxx+|fixme|n\\/?a|none|nothing|no response|lorem ipsum.*" +
    "|\\.{2,}|…|-+|\\?+)[.!]?)$",
  "i",
);

/**
 * Whether a section says something: text that stands in the template too, and words that only keep a place,
 * say nothing.
 */
export function saysSomething(text: string, template: readonly string[]): boolean {
  const lines = text
    .split("\n")
    .map(withoutMarks)
    .filter((line) => /[\p{L}\p{N}]/u.test(line));
  return lines.some((line) => {
    if (PLACEHOLDER.test(line) || /^[<[({].*[>\])}]$/.test(line)) return false;
    return !template.includes(line);
  });
}

const MARKS_BEFORE = /[\s>*_`~-]/;
const MARKS_AFTER = /[\s*_`~]/;

/** A line without the marks of lists, quotations and emphasis around it; in one pass. */
export function withoutMarks(line: string): string {
  let [first, last] = [0, line.length];
  while (first < last && MARKS_BEFORE.test(line[first]!)) first += 1;
  while (last > first && MARKS_AFTER.test(line[last - 1]!)) last -= 1;
  return line.slice(first, last);
}
