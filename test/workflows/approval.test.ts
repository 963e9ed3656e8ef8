import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InputSpec } from "../../src/commands/define.ts";
import { MENU } from "../../src/commands/menu.ts";
import { declaredInputs, jobsOf, ownSteps, triggerInputs, type DeclaredInput } from "./rules.ts";

const folder = fileURLToPath(new URL("../../.github/workflows", import.meta.url));

/** A workflow that plans, waits for an approval and applies. */
interface Approved {
  readonly file: string;
  readonly command: string;
  /** Inputs that the workflow gives by itself, or from secrets. */
  readonly own: readonly string[];
  /** Inputs that cannot go with an approval. */
  readonly without: readonly string[];
  /** What only the job that applies may see. */
  readonly notPlanned: readonly string[];
}

const APPROVED: readonly Approved[] = [
  {
    file: "migrate.yml",
    command: "migrate",
    own: ["database", "store-secret", "takes-turns-in", "dry-run", "plan-hash"],
    without: ["baseline"],
    notPlanned: ["plan-hash"],
  },
  {
    file: "rollback-database.yml",
    command: "migrate-rollback",
    own: ["database", "store-secret", "identity", "takes-turns-in", "dry-run", "plan-hash"],
    // A restore is restore.yml's; its plan would need the store and the identity before anybody has approved.
    without: ["from-backup"],
    notPlanned: ["plan-hash", "store-secret", "identity", "takes-turns-in"],
  },
];

const read = (file: string): string => readFileSync(join(folder, file), "utf8");

function inputsOf(command: string): Readonly<Record<string, InputSpec>> {
  return MENU.find(({ name }) => name === command)!.inputs;
}

/** The default as a workflow writes it: none for what is text and may be left out. */
function writtenDefault(spec: InputSpec): unknown {
  return "default" in spec ? spec.default : undefined;
}

describe.each(APPROVED)("$file", ({ file, command, own, without, notPlanned }) => {
  const text = read(file);
  const { plan, apply } = jobsOf(text);
  const offered = Object.keys(inputsOf(command)).filter((name) => ![...own, ...without].includes(name));

  it("offers every input of its command to whoever calls it, with the command's defaults", () => {
    const declared = declaredInputs(text, "workflow_call");
    const known = Object.keys(declared).filter((name) => name in inputsOf(command) && !own.includes(name));
    expect(known.sort()).toEqual(offered.sort());
    const compared = Object.fromEntries(
      known.map((name) => [name, [declared[name]!.default, isRequired(declared[name]!)]]),
    );
    // What a rollback is for, and of which database, has to be said in the form: it is asked for anyway.
    const insisted = command === "migrate-rollback" ? ["to", "confirm", "reason"] : [];
    expect(compared).toEqual(
      Object.fromEntries(
        known.map((name) => {
          const spec = inputsOf(command)[name]!;
          return [name, [writtenDefault(spec), spec.required === true || insisted.includes(name)]];
        }),
      ),
    );
  });

  it("has a form with no more fields than GitHub takes, and the same defaults", () => {
    const called = declaredInputs(text, "workflow_call");
    const byHand = declaredInputs(text, "workflow_dispatch");
    expect(Object.keys(byHand).length).toBeLessThanOrEqual(10);
    for (const [name, input] of Object.entries(byHand)) {
      expect([name, input.default, isRequired(input)]).toEqual([
        name,
        called[name]?.default,
        called[name] !== undefined && isRequired(called[name]),
      ]);
    }
  });

  it("plans and applies with the same inputs, so that what was shown is what is done", () => {
    const steps = ownSteps(text);
    expect(steps.map((step) => [step.job, step.command])).toEqual([
      ["plan", command],
      ["apply", command],
    ]);
    const [planned, applied] = steps.map(({ inputs }) => [...inputs].sort());
    const all = Object.keys(inputsOf(command)).filter((name) => !without.includes(name));
    expect(applied).toEqual(all.filter((name) => name !== "dry-run").sort());
    expect(planned).toEqual(all.filter((name) => !notPlanned.includes(name)).sort());
    const values = [plan, apply].map(
      (job) => job!.steps!.find(({ uses }) => uses?.includes("/actions/migrate"))!.with!,
    );
    for (const name of offered) {
      expect(values.map((each) => each[name])).toEqual([`\${{ inputs.${name} }}`, `\${{ inputs.${name} }}`]);
    }
    // As the group of its runs: a further database of an environment is not in anybody's way.
    expect(values[1]!["takes-turns-in"]).toBe(
      "${{ inputs.store != '' && inputs.database-name == '' && (inputs.environment || 'production') || '' }}",
    );
    expect(values[0]!["dry-run"]).toBe(true);
    expect(values[1]!["plan-hash"]).toBe("${{ needs.plan.outputs.plan-hash }}");
  });

  it("asks for the approval in the second job alone, and never without an environment", () => {
    expect(plan!.environment).toBeUndefined();
    expect(apply!.environment).toBe("${{ inputs.environment || 'production' }}");
    expect(apply!.needs).toBe("plan");
    // Anything that could not be read counts as something to do; then the hash decides.
    expect(apply!.if).toBe("needs.plan.outputs.to-do != 'false'");
    expect(plan!.outputs!["to-do"]).toBe("${{ steps.plan.outputs.plan != '[]' }}");
  });

  it("looks first whether the hash and the secrets have arrived", () => {
    const [first] = apply!.steps!;
    expect(first!.if).toBeUndefined();
    expect(first!.env!["PLAN_HASH"]).toBe("${{ needs.plan.outputs.plan-hash }}");
    expect(first!.run).toMatch(/^if \[ -z "\$PLAN_HASH" \]; then\n[^]*\n {2}exit 7\nfi/);
    expect(plan!.steps![0]!.env).toMatchObject({
      GIVEN: "${{ secrets.PLAN_DATABASE_URL != '' || secrets.DATABASE_URL != '' }}",
    });
  });

  it("says what is missing in words that the page about troubles explains", () => {
    const page = readFileSync(join(folder, "../../docs/troubleshooting.md"), "utf8");
    const told = [...text.matchAll(/::error title=[^:]*::([A-Z][^,.]* this job)\b/g)].map(
      ([, words]) => words!,
    );
    expect(told).toHaveLength(3);
    expect(told.filter((words) => !page.includes(`"${words}"`))).toEqual([]);
  });

  it("leaves no credentials in the checkout, may write nothing, and gives each job only its secrets", () => {
    for (const { steps = [], permissions = {} } of [plan!, apply!]) {
      const [checkout, ...more] = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
      expect(more).toEqual([]);
      expect(checkout!.with).toEqual({ "persist-credentials": false });
      const { "id-token": _, ...rest } = permissions as Record<string, string>;
      expect(rest).toEqual({ contents: "read" });
    }
    const secrets = (job: unknown): string[] =>
      [...new Set([...JSON.stringify(job).matchAll(/secrets\.(\w+)/g)].map(([, name]) => name!))].sort();
    const ofStore = notPlanned.includes("store-secret") ? [] : ["STORE_SECRET"];
    expect(secrets(plan)).toEqual(["DATABASE_URL", "PLAN_DATABASE_URL", ...ofStore]);
    expect(secrets(apply)).not.toContain("PLAN_DATABASE_URL");
  });
});

it("migrate.yml and rollback-database.yml wait for what changes the environment, cancelling none", () => {
  const groups = APPROVED.map(({ file }) => jobsOf(read(file))["apply"]!.concurrency!);
  expect(groups[0]).toEqual(groups[1]);
  // Without a name of a further database it is the group of deploy.yml, functions.yml and rollback.yml.
  const [whole, further, ...more] = groups[0]!.group!.split(/(?<=\}\})(?=\$)/);
  expect(whole).toBe(jobsOf(read("rollback.yml"))["apply"]!.concurrency!.group);
  expect([further, more]).toEqual([
    "${{ inputs.database-name && format('/{0}', inputs.database-name) }}",
    [],
  ]);
  expect(groups[0]!["cancel-in-progress"]).toBe(false);
  const offers = APPROVED.map(({ file }) => triggerInputs(read(file), "workflow_call"));
  expect(offers.every((names) => names.includes("database-name"))).toBe(true);
});

it("backup.yml waits for them where it is told the environment, else for backups of its kind", () => {
  const text = read("backup.yml");
  const rollback = jobsOf(read("rollback.yml"))["apply"]!.concurrency!;
  expect(rollback.group).toMatch(/^holdfast-\$\{\{ inputs\.environment/);
  expect(jobsOf(text)["backup"]!.concurrency).toEqual({
    group:
      "holdfast-${{ inputs.takes-turns-in || format('backup-{0}-{1}-{2}', inputs.store, inputs.source, " +
      "inputs.tier) }}",
    "cancel-in-progress": false,
    queue: "max",
  });
  const { required, default: withoutIt } = declaredInputs(text, "workflow_call")["takes-turns-in"]!;
  expect([required, withoutIt]).toEqual([undefined, undefined]);
});

function isRequired({ required }: DeclaredInput): boolean {
  return required === true;
}
