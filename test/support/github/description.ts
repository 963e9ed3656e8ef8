import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

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

  constructor(text: string) {
    this.#whole = JSON.parse(text) as Plain;
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
    const content = (holder: unknown): Plain =>
      (this.#resolved(holder) as { content?: Record<string, Plain> } | undefined)?.content?.[
        "application/json"
      ] ?? {};
    const request = content(described.requestBody);
    const answer = (status: number): Plain => content(described.responses[String(status)]);
    return {
      ...named,
      wrongRequest: (query, body) => {
        const known = parameters.filter((each) => each["in"] === "query").map((each) => String(each["name"]));
        const unknown = [...query.keys()].filter((name) => !known.includes(name));
        if (unknown.length > 0) return `unknown parameters: ${unknown.join(", ")}`;
        return request["schema"] === undefined ? "" : this.#wrong(request["schema"], body);
      },
      example: (status) => {
        const [first] = Object.values((answer(status)["examples"] ?? {}) as Record<string, unknown>);
        return structuredClone((this.#resolved(first) as Plain | undefined)?.["value"]);
      },
      wrongAnswer: (status, body) => this.#wrong(answer(status)["schema"], body),
    };
  }

  #wrong(schema: unknown, body: unknown): string {
    const read = z.fromJSONSchema(this.#resolved(schema) as Parameters<typeof z.fromJSONSchema>[0], {
      defaultTarget: "openapi-3.0",
    });
    const { error } = read.safeParse(body);
    return error === undefined ? "" : z.prettifyError(error);
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

/** Of the operations that the tests use. */
export function githubDescription(): ApiDescription {
  const path = fileURLToPath(new URL("github-rest.excerpt.json", import.meta.url));
  return new ApiDescription(readFileSync(path, "utf8"));
}
