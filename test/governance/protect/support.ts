import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkout } from "../../../src/adapters/source-tree/checkout.ts";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import { runProtect } from "../../../src/governance/protect/run.ts";
import type { Item } from "../../../src/governance/protect/item.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { Forge } from "../../../src/ports/forge.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeRules } from "../../support/github/fake-rules.ts";
import { scratchFolder } from "../../support/tools.ts";

export const TOKEN = "ghs_0123456789abcdef";
const description = githubDescription("rules");

/** A repository at a fake GitHub, and a checkout of it with settings and workflows. */
export interface Repository extends AsyncDisposable {
  readonly fake: FakeRules;
  readonly url: string;
  readonly lines: string[];
  /** Puts files into the checkout, by path. */
  put(files: Readonly<Record<string, string>>): void;
  forge(): Forge;
  /** @param workflows their folder, from the checkout */
  run(doing: "plan" | "apply" | "audit", workflows?: string): Promise<Outcome>;
}

/** @param settings the section `protection`, as JSON is YAML too */
export async function repository(settings: unknown): Promise<Repository> {
  const folder = scratchFolder("protect");
  const fake = new FakeRules(description, TOKEN);
  const url = await fake.listen();
  const lines: string[] = [];
  const say = (text: string): void => void lines.push(text);
  const forge = (): Forge =>
    githubForge("acme/shop", {
      api: url,
      token: new Secret(TOKEN),
      version: "0.0.0-test",
      clock: { now: () => new Date("2026-11-27T12:00:00Z"), sleep: () => Promise.resolve() },
      random: { fraction: () => 0.5 },
      log: { debug: () => undefined, info: say },
      cancelled: new AbortController().signal,
    });
  const put: Repository["put"] = (files) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder.path, path)), { recursive: true });
      writeFileSync(join(folder.path, path), text);
    }
  };
  put({ ".github/holdfast.yml": JSON.stringify({ protection: settings }) });
  return {
    fake,
    url,
    lines,
    put,
    forge,
    run: (doing, workflows = ".github/workflows") =>
      runProtect(
        {
          do: doing,
          settings: join(folder.path, ".github/holdfast.yml"),
          workflows: join(folder.path, workflows),
          repository: undefined,
          token: undefined,
        },
        {
          openForge: () => Promise.resolve(forge()),
          sourceTree: () => Promise.resolve(checkout({ env: {} })),
          sourceHistory: (at) => Promise.resolve(gitHistory({ env: {}, folder: at })),
          log: { stage: say, info: say, warn: say, debug: say, progress: () => ({ add: noop, done: noop }) },
        },
      ),
    async [Symbol.asyncDispose]() {
      await fake[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function noop(): void {
  // Nobody looks at a bar here.
}

/** `kind: subject, about` of what differs. */
export function driftOf({ outputs }: Outcome): string[] {
  return (outputs["drift"] as unknown as Item[]).map(
    ({ kind, subject, about }) => `${kind}: ${subject}, ${about}`,
  );
}

/** `subject, about` of what is not shown. */
export function unseenOf({ outputs }: Outcome): string[] {
  return (outputs["cannot-see"] as unknown as Item[]).map(({ subject, about }) => `${subject}, ${about}`);
}

export function writesOf({ outputs }: Outcome): string[] {
  return (outputs["writes"] as unknown as { kind: string; subject: string; effect: string }[]).map(
    ({ kind, subject, effect }) => `${kind} ${subject} ${effect}`,
  );
}
