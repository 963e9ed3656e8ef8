import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";

type Plain = Readonly<Record<string, unknown>>;

/** One call of GitHub's API, as its public description has it. */
export interface Operation {
  /** `/repos/{owner}/{repo}/pulls` */
  readonly path: string;
  readonly method: string;
  /** The values of the path's parameters. */
  readonly values: Readonly<Record<string, string>>;
  /** What is wrong with a request; empty where nothing is. */
  wrongRequest(query: URLSearchParams, body: unknown): string;
  /** The example that the description gives for an answer. */
  example(status: number): unknown;
  /** Whether the description says what an answer of this status holds. */
  describes(status: number): boolean;
  /** What is wrong with an answer; empty where nothing is. */
  wrongAnswer(status: number, body: unknown): string;
}

interface Described {
  readonly parameters?: readonly Plain[];
  readonly requestBody?: Plain;
  readonly responses: Readonly<Record<string, Plain>>;
}

/**
 * GitHub's public REST description (MIT): those operations of it that are in `github-rest.excerpt.json`, word
 * for word. A fake that is held against it cannot drift from the real thing.
 * https://github.com/github/rest-api-description
 */
export class ApiDescription {
  readonly #whole: Plain;
  /** By call and status: to follow every reference takes longer than the request itself. */
  readonly #contents = new Map<string, Plain>();
  readonly #readers = new WeakMap<object, z.ZodType>();

  /** @param texts excerpts, put together */
  constructor(...texts: readonly string[]) {
    this.#whole = texts.map((text) => JSON.parse(text) as Plain).reduce(together);
  }

  /** The operation that a request is meant for; undefined where there is none. */
  operation(method: string, pathname: string): Operation | undefined {
    const paths = this.#whole["paths"] as Readonly<Record<string, Readonly<Record<string, Described>>>>;
    for (const [path, methods] of Object.entries(paths)) {
      const described = methods[method.toLowerCase()];
      const values = described === undefined ? undefined : valuesOf(path, pathname);
      if (described === undefined || values === undefined) continue;
      return this.#operation({ path, method, values }, described);
    }
    return undefined;
  }

  #operation(named: Pick<Operation, "path" | "method" | "values">, described: Described): Operation {
    const parameters = (described.parameters ?? []).map((each) => this.#resolved(each) as Plain);
    const content = (of: string, holder: unknown): Plain => {
      const key = `${named.method} ${named.path} ${of}`;
      const known = this.#contents.get(key);
      if (known !== undefined) return known;
      const resolved = this.#resolved(holder) as { content?: Record<string, Plain> } | undefined;
      const made = resolved?.content?.["application/json"] ?? {};
      this.#contents.set(key, made);
      return made;
    };
    const answer = (status: number): Plain => content(String(status), described.responses[String(status)]);
    return {
      ...named,
      wrongRequest: (query, body) => {
        const known = parameters.filter((each) => each["in"] === "query").map((each) => String(each["name"]));
        const unknown = [...query.keys()].filter((name) => !known.includes(name));
        if (unknown.length > 0) return `unknown parameters: ${unknown.join(", ")}`;
        const { schema } = content("request", described.requestBody);
        return schema === undefined ? "" : this.#wrong(schema, body);
      },
      example: (status) => {
        const [first] = Object.values((answer(status)["examples"] ?? {}) as Record<string, unknown>);
        return structuredClone((this.#resolved(first) as Plain | undefined)?.["value"]);
      },
      describes: (status) => answer(status)["schema"] !== undefined,
      wrongAnswer: (status, body) => this.#wrong(answer(status)["schema"], body),
    };
  }

  #wrong(schema: unknown, body: unknown): string {
    const { error } = this.#reader(schema).safeParse(body);
    return error === undefined ? "" : z.prettifyError(error);
  }

  #reader(schema: unknown): z.ZodType {
    const key = schema as object;
    const made =
      this.#readers.get(key) ??
      z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0], { defaultTarget: "openapi-3.0" });
    this.#readers.set(key, made);
    return made;
  }

  /** With every reference replaced by what it names; one that comes round to itself says nothing more. */
  #resolved(value: unknown, within: readonly string[] = []): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#resolved(each, within));
    if (typeof value !== "object" || value === null) return value;
    const { $ref } = value as { $ref?: string };
    if (typeof $ref === "string") {
      if (within.includes($ref)) return {};
      const named = $ref
        .slice(2)
        .split("/")
        .reduce<unknown>((holder, key) => (holder as Plain)[key], this.#whole);
      return this.#resolved(named, [...within, $ref]);
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, this.#resolved(each, within)]),
    );
  }
}

function valuesOf(path: string, pathname: string): Record<string, string> | undefined {
  const pattern = path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  const groups = new RegExp(`^${pattern}$`).exec(pathname);
  if (groups === null) return undefined;
  const values = Object.entries(groups.groups ?? {});
  return Object.fromEntries(values.map(([name, value]) => [name, decodeURIComponent(value)]));
}

/** Maps in both are joined; where both say something of the same, they say the same. */
function together(one: Plain, other: Plain): Plain {
  const isMap = (value: unknown): value is Plain => typeof value === "object" && value !== null;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...keys].map((key) => {
      const [a, b] = [one[key], other[key]];
      const both = isMap(a) && isMap(b) && !Array.isArray(a);
      return [key, both ? together(a, b) : (b ?? a)];
    }),
  );
}

/**
 * Of the operations that the tests use: those of pull requests' comments, those of rules, those of pull
 * requests and issues, those of releases.
 */
export function githubDescription(
  ...excerpts: readonly ("github-rest" | "rules" | "pulls" | "releases")[]
): ApiDescription {
  const wanted = excerpts.length === 0 ? (["github-rest"] as const) : excerpts;
  const read = (name: string): string =>
    readFileSync(fileURLToPath(new URL(`${name}.excerpt.json`, import.meta.url)), "utf8");
  return new ApiDescription(...wanted.map(read));
}
