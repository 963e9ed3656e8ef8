import { describe, expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { ERRORS } from "../../src/kernel/errors.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = readFileSync(join(root, "docs/troubleshooting.md"), "utf8");

/**
 * Rooms whose findings, warnings and errors a person reads after a backup, a proof or a restore. Errors of
 * every other room are held by their codes alone.
 */
const ROOMS = [
  "nouns/content",
  "nouns/server",
  "backups/copy",
  "backups/backup",
  "backups/validate",
  "backups/restore",
  "adapters/source-tree",
  "schema/script",
  "schema/folder",
  "schema/shadow",
  "schema/proof",
  "schema/check",
  "schema/apply",
  "schema/rollback",
  "schema/history",
  "schema/lease",
  "schema/books",
  "schema/steps",
  "adapters/github",
  "governance/merging",
  "governance/protect",
  "governance/pr-policy",
  "governance/versions",
  "governance/release-plan",
  "governance/release-cut",
  "governance/release-publish",
  "governance/hotfix",
  "governance/steps",
  "nouns/forge",
  "nouns/settings",
  "nouns/release-unit",
  "configuration/settings-check",
  "configuration/init",
];

/** Rules say the safe form with each finding; their table in docs/migrations.md is made from them. */
const RULES = /^rules\//;

/** Functions that make a finding of their text. */
const MAKERS: ReadonlySet<string> = new Set(["gap", "difference", "ranked", "absence", "problemGap"]);

/** Texts that reach people by a function's result, which the search for texts does not follow. */
const BY_RESULT = [
  "their content differs",
  "values have moved between its rows",
  "its columns are others",
  "the restore computed it anew",
  "whose version and own rows may be others here",
  "is no member of",
  "differs from the source in",
  "differs from the source",
  "two copies restored on one server differ in it from each other too",
  "no control was possible",
  "does not exist on this server",
  "only by a search path",
  "in a string without a schema",
  "where its definition prints no operator",
  "is meant here without being printed",
  "compares by another operator than at the source",
  "holds names of relations (regclass)",
  "this server keeps marks of its own",
  "this server does not know",
  "PostgreSQL lets only a superuser make the",
  "expect it to be missing",
  "is restored disabled",
  "stays at the publisher",
  "The unfinished copy",
  "should a database",
  "were not compared",
  "The target may be incomplete",
  "another restore into",
  "was NOT put in place",
  "may not create databases",
  "does not own the database",
  "may not give a new database its setting",
  "it does not count as verified",
  "belongs to an attempt that failed",
  "trying again with a new snapshot",
  "the schema may have changed while it was read",
  "a table was locked by somebody else",
];

/** Words of PostgreSQL's own that the page quotes. */
const SERVERS_OWN = [
  "out of shared memory",
  "relation / function / type",
  "in a read-only transaction",
  "is being used",
  "accessed by other users",
  "other objects depend on it",
  "must be owner of extension",
  "unsupported startup parameter",
  "conflict with recovery",
];

/** Stands for what a template is filled with. */
const HOLE = "…";

interface Said {
  readonly room: string;
  /** `…` for what is filled in. */
  readonly text: string;
  /** Of an error. */
  readonly code?: string;
}

function filesOf(room: string): ts.SourceFile[] {
  const folder = join(root, "src", room);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".ts") && !RULES.test(name))
    .map((name) => parsed(join(folder, name), name));
}

const seen = new Map<string, ts.SourceFile>();

/** Rooms are asked about twice, and parsing is most of it. */
function parsed(path: string, name: string): ts.SourceFile {
  const file =
    seen.get(path) ?? ts.createSourceFile(name, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  seen.set(path, file);
  return file;
}

/** Messages of findings, warnings of the log or of a plan, and errors. */
function saidIn(room: string): Said[] {
  const said: Said[] = [];
  const add = (texts: readonly string[], code?: string): void => {
    said.push(...texts.map((text) => (code === undefined ? { room, text } : { room, text, code })));
  };
  const visit = (node: ts.Node): void => {
    if (isMessage(node)) add(textsOf(node.initializer));
    if (ts.isCallExpression(node) && speaks(node.expression)) add(node.arguments.flatMap(textsOf));
    if (ts.isCallExpression(node) && tellsOfFile(node.expression)) {
      add(node.arguments.slice(3, 4).flatMap(textsOf));
    }
    if (ts.isNewExpression(node) && isNamed(node.expression, "HoldfastError")) {
      const [code, message] = node.arguments ?? [];
      if (message !== undefined) add(textsOf(message), codeOf(code));
    }
    ts.forEachChild(node, visit);
  };
  filesOf(room).forEach(visit);
  return said;
}

type Initialized = (ts.PropertyAssignment | ts.VariableDeclaration) & { readonly initializer: ts.Expression };

function isMessage(node: ts.Node): node is Initialized {
  const named = ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node);
  return named && isNamed(node.name, "message") && node.initializer !== undefined;
}

function isNamed(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}

/** `gap(…)`, `log.warn(…)`, `notes.push(…)` and their like. */
function speaks(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return MAKERS.has(callee.text);
  if (!ts.isPropertyAccessExpression(callee)) return false;
  const isList = isNamed(callee.expression, "notes") || isNamed(callee.expression, "warnings");
  return callee.name.text === "warn" || (callee.name.text === "push" && isList);
}

/** `problem(rule, level, file, message, hint)`: about a file's name, place or bytes. */
function tellsOfFile(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee) && callee.name.text === "problem";
}

/** Both branches of a condition; a single word is a name and not a text. */
function textsOf(node: ts.Expression): string[] {
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression);
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap(textsOf);
  const text = templateOf(node);
  return text !== undefined && phrasesOf(text).length > 0 ? [text] : [];
}

/** A text and its pieces joined; undefined for anything else. */
function templateOf(
  node: ts.Expression,
  inHole: (hole: ts.Expression) => string = () => HOLE,
): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return (
      node.head.text + node.templateSpans.map((span) => inHole(span.expression) + span.literal.text).join("")
    );
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return [node.left, node.right].map((each) => templateOf(each, inHole) ?? inHole(each)).join("");
  }
  return undefined;
}

/** What a condition puts into its hole first of all. */
function firstBranch(hole: ts.Expression): string {
  if (ts.isParenthesizedExpression(hole)) return firstBranch(hole.expression);
  return ts.isConditionalExpression(hole) ? (templateOf(hole.whenTrue, firstBranch) ?? HOLE) : HOLE;
}

/** Every text of a file, the pieces that it is written in joined. */
function wholeTexts(node: ts.Node): string[] {
  const texts = ts.isExpression(node) ? [templateOf(node), templateOf(node, firstBranch)] : [];
  ts.forEachChild(node, (child) => void texts.push(...wholeTexts(child)));
  return texts.filter((text) => text !== undefined);
}

function codeOf(node: ts.Expression | undefined): string {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : "";
}

/** Runs of three words or more between holes and stops; only those of four where there are such. */
function phrasesOf(text: string): string[] {
  const runs = text.split(/[…:;,()']/).map((run) => run.trim().replace(/\s+/g, " "));
  const long = runs.filter((run) => run.split(" ").length > 3);
  return long.length > 0 ? long : runs.filter((run) => run.split(" ").length > 2);
}

/** By its words or, an error, by its code; what is wrong with an input is said whole in the error itself. */
function isExplained({ text, code }: Said): boolean {
  if (code !== undefined && (code.startsWith("input.") || PAGE.includes(`\`${code}\``))) return true;
  return phrasesOf(text).some((phrase) => PAGE.includes(phrase));
}

/** What the shipped workflows say by themselves; that it is on the page is held by test/workflows. */
function workflowTexts(): string[] {
  const folder = join(root, ".github/workflows");
  return readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
}

describe("docs/troubleshooting.md", () => {
  it.each(ROOMS)("has a line for everything that src/%s says to people", (room) => {
    const said = saidIn(room);
    expect(said.length).toBeGreaterThan(0);
    expect(said.filter((one) => !isExplained(one))).toEqual([]);
  });

  it("has a line for the code of every error, of whatever room", () => {
    expect(Object.keys(ERRORS).filter((code) => !PAGE.includes(`\`${code}\``))).toEqual([]);
  });

  it("names each of its sections at its top", () => {
    const anchors = [...PAGE.matchAll(/^##+ (.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\w\s-]/g, "")
        .replace(/\s/g, "-"),
    );
    const top = PAGE.slice(0, PAGE.indexOf("\n## "));
    expect(anchors.length).toBeGreaterThan(8);
    expect(anchors.filter((anchor) => !top.includes(`(#${anchor})`))).toEqual([]);
  });

  it.each(BY_RESULT)("has a line for '%s'", (phrase) => {
    expect(PAGE).toContain(phrase);
  });

  it("quotes only what the sources say", () => {
    const sources = [
      ...ROOMS,
      "postgres",
      "nouns/catalog",
      "nouns/store",
      "ports",
      "adapters/azure-blob",
      "adapters/file-store",
      "adapters/actions-runner",
      "adapters/pg-tools",
      "adapters/postgres",
      "adapters/npm-registry",
      "adapters/semantic-release",
      "governance/commits",
      "governance/coverage",
      "governance/patterns",
      "governance/pr-policy/rules",
      "rollout/app",
      "rollout/functions",
    ]
      .flatMap(filesOf)
      .flatMap(wholeTexts)
      .concat(workflowTexts())
      .join("\n");
    const cells = [...PAGE.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell]) => cell!);
    const quoted = cells.flatMap((cell) => [...cell.matchAll(/"([^"]+)"/g)].map(([, text]) => text!));
    const all = [...BY_RESULT, ...quoted.flatMap(phrasesOf)];
    const phrases = all.filter((phrase) => !SERVERS_OWN.includes(phrase));
    expect(phrases.length).toBeGreaterThan(100);
    expect(phrases.filter((phrase) => !sources.includes(phrase))).toEqual([]);
  });
});
