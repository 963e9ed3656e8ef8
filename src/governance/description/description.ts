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
  /** What it stands under, and the line of that. */
  readonly heading: string;
  readonly under: number;
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
  const sections = sectionsOf(root);
  const tasks: Task[] = [];
  const links: string[] = [];
  const prose: string[] = [];
  walk(root, (node) => {
    if (node.type === "listItem" && typeof node.checked === "boolean") {
      const [first] = node.children;
      const line = node.position?.start.line ?? 1;
      const above = sections.findLast((each) => each.line <= line);
      tasks.push({
        text: first === undefined ? "" : toString(first).trim(),
        done: node.checked,
        line,
        heading: above?.heading ?? "",
        under: above?.line ?? 1,
      });
    }
    if (node.type === "link" || node.type === "definition") links.push(node.url);
    if (node.type === "text") prose.push(node.value);
  });
  const paragraphs = root.children.flatMap((node) =>
    node.type === "paragraph" ? [seenOf(node).trim()] : [],
  );
  return { sections, tasks, prose: prose.join("\n"), paragraphs, links };
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
/** In the middle of a paragraph, where a sentence that is broken into lines may have a colon too. */
const LINE_LEAD = /^(\p{L}[\p{L}/&?'-]{0,20}(?: [\p{L}/&?'-]{1,20}){0,2}?)\s*(?::(?=\s|$)|：)\s*/u;
/** Below every heading. */
export const LEAD_DEPTH = 7;
/** Of one in the middle of a paragraph. */
const LINE_DEPTH = 8;

interface Line {
  readonly node: RootContent;
  readonly line: number;
  /** Whether something of the same paragraph comes before it. */
  readonly isWithin: boolean;
}

/** A heading as HTML, alone in its line. */
const HTML_HEADING = /^\s{0,20}<h([1-6])(?:\s[^<>]{0,200})?>(.{0,300})<\/h\1>\s{0,20}$/i;
const TAG = /<\/?[a-z][^<>]{0,200}>/gi;

/** A paragraph line by line, as GitHub shows them, and HTML that has headings; anything else whole. */
function linesOf(node: RootContent): Line[] {
  const first = node.position?.start.line ?? 1;
  if (node.type === "html") {
    const values = withoutComments(node.value).split("\n");
    if (values.some((value) => HTML_HEADING.test(value))) {
      return values.map((value, at) => ({
        node: { type: "html", value },
        line: first + at,
        isWithin: false,
      }));
    }
  }
  if (node.type !== "paragraph") return [{ node, line: first, isWithin: false }];
  const lines: (typeof node.children)[] = [[]];
  for (const child of node.children) {
    if (child.type === "break") lines.push([]);
    else if (child.type !== "text") lines.at(-1)!.push(child);
    else {
      for (const [at, value] of child.value.split("\n").entries()) {
        if (at > 0) lines.push([]);
        if (value !== "") lines.at(-1)!.push({ type: "text", value });
      }
    }
  }
  return lines.map((children, at) => ({
    node: { type: "paragraph", children },
    line: first + at,
    isWithin: at > 0,
  }));
}

function sectionsOf(root: Root): Section[] {
  const sections: { heading: string; line: number; depth: number; parts: string[] }[] = [
    { heading: "", line: 1, depth: LEAD_DEPTH, parts: [] },
  ];
  const begin = (heading: string, line: number, depth: number): void => {
    sections.push({ heading: heading.trim(), line, depth, parts: [] });
  };
  for (const { node, line, isWithin } of root.children.flatMap(linesOf)) {
    if (node.type === "heading") {
      begin(toString(node), line, node.depth);
      continue;
    }
    const [, depth, words = ""] = (node.type === "html" && HTML_HEADING.exec(node.value)) || [];
    if (depth !== undefined) {
      begin(words.replace(TAG, ""), line, Number(depth));
      continue;
    }
    const lead = leadOf(node, isWithin ? LINE_LEAD : LEAD);
    if (lead !== undefined) begin(lead, line, isWithin ? LINE_DEPTH : LEAD_DEPTH);
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

function leadOf(node: RootContent, words: RegExp): string | undefined {
  if (node.type !== "paragraph") return undefined;
  const [first] = node.children;
  if (first?.type === "strong") {
    const bold = toString(first).trim();
    const after = toString(node).slice(bold.length);
    if (/[:：]$/.test(bold) || /^\s*[:：]/.test(after) || node.children.length === 1) {
      return /[:：]$/.test(bold) ? bold.slice(0, -1).trimEnd() : bold;
    }
    return undefined;
  }
  return words.exec(toString(node))?.[1];
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

/** With as many lines as before. */
function withoutComments(html: string): string {
  let seen = "";
  for (let at = 0; at < html.length;) {
    const open = html.indexOf("<!--", at);
    if (open === -1) return seen + html.slice(at);
    const close = html.indexOf("-->", open);
    const comment = html.slice(open, close === -1 ? html.length : close);
    seen += html.slice(at, open) + "\n".repeat(comment.split("\n").length - 1);
    at = open + comment.length + 3;
  }
  return seen;
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

/** What stands at the end of a description, below whatever heading is the last: issues and trailers. */
const BELOW = new RegExp(
  "^(?:(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?|part of|see|relates to):?\\s+" +
    "(?:[\\w.-]{1,100}/[\\w.-]{1,100})?#\\d+[.,]?" +
    "|(?:signed-off-by|co-authored-by|reviewed-by|acked-by|tested-by|change-id): .*)$",
  "i",
);

/**
 * Whether a section says something: text that stands in the template too, and words that only keep a place,
 * say nothing.
 */
export function saysSomething(text: string, template: readonly string[]): boolean {
  const lines = text
    .split("\n")
    // The head of a table says nothing without a row below it.
    .filter((_, at, all) => !isRuler(all[at + 1] ?? ""))
    .map(withoutMarks)
    .filter((line) => /[\p{L}\p{N}]/u.test(line));
  return lines.some((line) => {
    if (PLACEHOLDER.test(line) || BELOW.test(line) || /^[<[({].*[>\])}]$/.test(line)) return false;
    return !template.includes(line);
  });
}

/** What stands between a table's head and its rows. */
function isRuler(line: string): boolean {
  return /^[|: -]+$/.test(line) && line.includes("|") && line.includes("-");
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
