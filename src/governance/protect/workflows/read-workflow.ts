import { isMap, isScalar, LineCounter, type Document, type YAMLMap } from "yaml";
import type { Finding } from "../../findings/finding.ts";
import { readYaml } from "../../../kernel/yaml.ts";

/** What starts a workflow, as far as checks depend on it. */
export interface Trigger {
  readonly types: readonly string[] | undefined;
  readonly branches: readonly string[] | undefined;
  readonly branchesIgnore: readonly string[] | undefined;
  /** Whether it starts only for some files. */
  readonly byPath: boolean;
}

export interface Job {
  readonly id: string;
  readonly name: string | undefined;
  /** From 1. */
  readonly line: number;
  readonly condition: string | undefined;
  readonly needs: readonly string[];
  /** As it is written; undefined where there is none. */
  readonly matrix: unknown;
  /** The workflow that it calls instead of having steps. */
  readonly uses: string | undefined;
  /** What it does as text, to look for what that mentions; without when it runs and what it hands on. */
  readonly text: string;
}

/** https://docs.github.com/actions/reference/workflow-syntax-for-github-actions */
export interface Workflow {
  /** `.github/workflows/ci.yml`, by which others call it. */
  readonly path: string;
  /** Where it was read, for messages. */
  readonly file: string;
  readonly triggers: ReadonlyMap<string, Trigger>;
  readonly jobs: readonly Job[];
}

/** How often what is referred to may be repeated; a file of a few bytes could fill the memory. */
const ALIASES_MAX = 100;

/**
 * Reads one; a file that is no workflow is a finding, since nobody can tell what checks it produces.
 *
 * @param file where it was read, if that is not where GitHub looks for it
 */
export function readWorkflow(path: string, text: string, file = path): Workflow | Finding {
  const lines = new LineCounter();
  const document = readYaml(text, lines);
  const [error] = document.errors;
  const content = error === undefined ? contentOf(document) : undefined;
  const { on, jobs } = plain(content) ?? {};
  const tree = document.get("jobs");
  if (error !== undefined || plain(jobs) === undefined || !isMap(tree)) {
    return {
      rule: "protect/workflow-unreadable",
      severity: "warning",
      file,
      line: error === undefined ? 1 : lines.linePos(error.pos[0]).line,
      message: `${file} is no workflow that can be read${error === undefined ? "" : `: ${error.message}`}`,
      fix: "Correct the file; what checks it produces cannot be told as it is.",
    };
  }
  return { path, file, triggers: triggersOf(on), jobs: jobsOf(plain(jobs)!, tree, lines) };
}

/** Undefined where references in it are endless, or lead nowhere. */
function contentOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown;
  } catch {
    return undefined;
  }
}

type Plain = Readonly<Record<string, unknown>>;

function plain(value: unknown): Plain | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Plain) : undefined;
}

/** One text, or a list of them. */
function texts(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  return (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map(String);
}

function triggersOf(on: unknown): Map<string, Trigger> {
  const names = plain(on) === undefined ? (texts(on) ?? []) : Object.keys(plain(on)!);
  return new Map(
    names.map((name) => {
      const said = plain(plain(on)?.[name]) ?? {};
      return [
        name,
        {
          types: texts(said["types"]),
          branches: texts(said["branches"]),
          branchesIgnore: texts(said["branches-ignore"]),
          byPath: said["paths"] !== undefined || said["paths-ignore"] !== undefined,
        },
      ];
    }),
  );
}

function jobsOf(jobs: Plain, tree: YAMLMap, lines: LineCounter): Job[] {
  const keys = new Map(tree.items.map(({ key }) => [isScalar(key) ? String(key.value) : undefined, key]));
  return Object.entries(jobs).map(([id, value]) => {
    const job = plain(value) ?? {};
    const { if: _if, needs: _needs, outputs: _outputs, name: _name, ...does } = job;
    const key = keys.get(id);
    const at = isScalar(key) ? key.range?.[0] : undefined;
    const text = (name: string): string | undefined => {
      const said = job[name];
      return said === undefined || said === null ? undefined : asText(said);
    };
    return {
      id,
      name: text("name"),
      line: at === undefined ? 1 : lines.linePos(at).line,
      condition: text("if"),
      needs: texts(job["needs"]) ?? [],
      matrix: plain(job["strategy"])?.["matrix"],
      uses: text("uses"),
      text: JSON.stringify(does),
    };
  });
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
