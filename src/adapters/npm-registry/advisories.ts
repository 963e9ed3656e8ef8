import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import { innermost } from "../../kernel/innermost.ts";
import { printableLine } from "../../kernel/printable.ts";
import { ADVISORY_SEVERITIES, type Advisory, type AdvisorySource } from "../../ports/advisory-source.ts";
import { withoutTrailing } from "../../kernel/cut.ts";

/** What asking a registry needs from outside. */
export interface RegistryAccess {
  /** `https://registry.npmjs.org`, or one that passes the question on. */
  readonly registry: string;
  /** Ours, for the user agent. */
  readonly version: string;
  readonly cancelled: AbortSignal;
  /** Milliseconds between two tries; shorter in tests. */
  readonly pauseMs?: number;
}

/**
 * The question that `npm audit` asks: names with versions in, advisories by name out.
 * https://docs.npmjs.com/cli/v11/commands/npm-audit#bulk-advisory-endpoint
 */
const PATH = "/-/npm/v1/security/advisories/bulk";
const ANSWER = z.record(
  z.string(),
  z.array(
    z.object({
      id: z.union([z.number(), z.string()]),
      url: z.string(),
      title: z.string(),
      severity: z.enum(ADVISORY_SEVERITIES),
      vulnerable_versions: z.string(),
    }),
  ),
);

const REQUEST_MS = 30_000;
const TRIES = 3;
const PAUSE_MS = 2_000;
/** Far more than is known of any five thousand packages. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** npm's registry, or one that answers as it does, asked for known vulnerabilities. */
export function npmAdvisories(access: RegistryAccess): AdvisorySource {
  const described = new URL(access.registry).host;
  return {
    described,
    async ask(packages) {
      if (packages.size === 0) return [];
      const question = JSON.stringify(Object.fromEntries(packages));
      for (let tries = 1; ; tries += 1) {
        const told = await once(access, question);
        if ("advisories" in told) return told.advisories;
        if (!told.again || tries >= TRIES) throw untold(described, told.why);
        await delay((access.pauseMs ?? PAUSE_MS) * tries, undefined, { signal: access.cancelled });
      }
    },
  };
}

type Told = { readonly advisories: readonly Advisory[] } | { readonly why: string; readonly again: boolean };

async function once({ registry, version, cancelled }: RegistryAccess, question: string): Promise<Told> {
  try {
    const answer = await fetch(`${withoutTrailing(registry, "/")}${PATH}`, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": `holdfast/${version}` },
      body: question,
      redirect: "error",
      signal: AbortSignal.any([cancelled, AbortSignal.timeout(REQUEST_MS)]),
    });
    if (!answer.ok) {
      await answer.body?.cancel();
      return { why: `it answered ${answer.status}`, again: answer.status >= 500 || answer.status === 429 };
    }
    return advisoriesIn(await textOf(answer));
  } catch (error) {
    cancelled.throwIfAborted();
    return { why: causeOf(error), again: true };
  }
}

async function textOf(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`it answered with more than ${ANSWER_BYTES_MAX} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** What is no answer of a registry's tells of nothing known as little as a broken line does. */
function advisoriesIn(text: string): Told {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { why: "its answer is no JSON", again: true };
  }
  const answer = ANSWER.safeParse(content);
  if (!answer.success) {
    const [issue] = answer.error.issues;
    return { why: `its answer is not one of a registry's, at ${issue?.path.join(".") ?? ""}`, again: false };
  }
  return {
    advisories: Object.entries(answer.data).flatMap(([name, list]) =>
      list.map(({ id, url, title, severity, vulnerable_versions: vulnerable }) => ({
        // The name by which people know it stands in its address.
        id: /\bGHSA(?:-[23456789cfghjmpqrvwx]{4}){3}\b/.exec(url)?.[0] ?? String(id),
        package: name,
        vulnerable,
        severity,
        title,
        url,
      })),
    ),
  };
}

function causeOf(error: unknown): string {
  const { name } = (error ?? {}) as { readonly name?: unknown };
  if (name === "TimeoutError") return `it did not answer in ${REQUEST_MS / 1000} s`;
  return printableLine(innermost(error, "it did not answer"));
}

function untold(described: string, why: string): HoldfastError {
  return new HoldfastError(
    "advisories.untold",
    `${described} did not tell of known vulnerabilities: ${why}`,
    {
      hint: "Run again when it answers. Behind a proxy set HTTPS_PROXY and NODE_USE_ENV_PROXY=1.",
    },
  );
}
