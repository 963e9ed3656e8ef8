import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InputSpec } from "../../src/commands/define.ts";
import { MENU } from "../../src/commands/menu.ts";
import { declaredInputs, jobsOf, ownSteps, type Job } from "./rules.ts";

const folder = fileURLToPath(new URL("../../.github/workflows", import.meta.url));
const read = (file: string): string => readFileSync(join(folder, file), "utf8");
const troubles = readFileSync(join(folder, "../../docs/troubleshooting.md"), "utf8");

/** A workflow that shows what would be rolled out, waits for an approval, and does that. */
interface Rollout {
  readonly file: string;
  /** Its commands, with the id of the step that plans and of the one that applies. */
  readonly commands: Readonly<Record<string, readonly [plan: string, apply: string]>>;
  /** Inputs of the commands that the workflow has under another name, or gives by itself. */
  readonly own: readonly string[];
  /** Inputs that a job, whose checkout is thrown away, cannot do anything with. */
  readonly without: readonly string[];
  /** Inputs that the form insists on, although the commands do not. */
  readonly insisted?: readonly string[];
  /** Inputs that the workflow asks for later than its form, so that another workflow can start it without. */
  readonly mayWait: readonly string[];
  /** Inputs of the workflow alone. */
  readonly more: readonly string[];
  readonly secrets: Readonly<Record<"plan" | "apply", readonly string[]>>;
  /** Rights beside reading the repository and signing in to Azure. */
  readonly rights?: Readonly<Record<"plan" | "apply", Readonly<Record<string, string>>>>;
  /** What is said in words that the page about troubles explains. */
  readonly told: readonly string[];
}

const EVERY = ["environment", "plan-environment", "runner", "timeout-minutes", "dry-run"];
const NO_HASH = "The hash of the plan did not reach this job";
const IN_THE_WAY = "Something is in the way of the plan";

const ROLLOUTS: readonly Rollout[] = [
  {
    file: "deploy.yml",
    commands: { deploy: ["plan", "apply"] },
    // The workflow's build makes the package; the command's is metadata.
    own: ["version", "package", "build", "unit", "store-secret", "dry-run", "plan-hash"],
    // A job's folder is thrown away; its summary has the chart.
    without: ["timeline"],
    mayWait: ["store"],
    more: [...EVERY, "tag", "asset", "build", "package", "build-metadata"],
    secrets: { plan: ["STORE_SECRET"], apply: ["STORE_SECRET"] },
    told: [
      NO_HASH,
      IN_THE_WAY,
      "The tag is on another commit than when its package was made",
      "The artifact is not the one that this run has packed",
    ],
  },
  {
    file: "functions.yml",
    commands: {
      "functions-deploy": ["deploy", "deploy"],
      "functions-rollback": ["rollback", "rollback"],
    },
    own: ["access-token", "functions-key", "store-secret", "takes-turns-in", "dry-run", "plan-hash"],
    without: ["update-manifest"],
    mayWait: ["project", "store"],
    more: [...EVERY, "do"],
    secrets: {
      plan: ["FUNCTIONS_KEY", "STORE_SECRET", "SUPABASE_ACCESS_TOKEN", "SUPABASE_PLAN_TOKEN"],
      apply: ["FUNCTIONS_KEY", "STORE_SECRET", "SUPABASE_ACCESS_TOKEN"],
    },
    told: [
      NO_HASH,
      IN_THE_WAY,
      "Neither the secret SUPABASE_PLAN_TOKEN nor SUPABASE_ACCESS_TOKEN reached this job",
      "The secret SUPABASE_ACCESS_TOKEN did not reach this job",
    ],
  },
  {
    file: "rollback.yml",
    commands: { rollback: ["plan", "apply"] },
    own: [
      ...["database", "store-secret", "identity", "access-token", "functions-key"],
      ...["dry-run", "plan-hash"],
    ],
    // A package that the slot does not hold any more is kept in the store; repository and token are the
    // job's.
    without: ["package", "unit", "repository", "token", "timeline"],
    insisted: ["reason"],
    mayWait: ["store"],
    more: [...EVERY, "server-major"],
    secrets: {
      plan: [
        ...["AGE_IDENTITY", "DATABASE_URL", "FUNCTIONS_KEY", "PLAN_DATABASE_URL", "STORE_SECRET"],
        ...["SUPABASE_ACCESS_TOKEN", "SUPABASE_PLAN_TOKEN"],
      ],
      apply: ["AGE_IDENTITY", "DATABASE_URL", "FUNCTIONS_KEY", "STORE_SECRET", "SUPABASE_ACCESS_TOKEN"],
    },
    rights: { plan: { issues: "read" }, apply: { issues: "write" } },
    told: [
      NO_HASH,
      "No plan could be made",
      "Neither the secret PLAN_DATABASE_URL nor DATABASE_URL reached this job",
      "The secret DATABASE_URL did not reach this job",
      "Neither the secret SUPABASE_PLAN_TOKEN nor SUPABASE_ACCESS_TOKEN reached this job",
      "The secret SUPABASE_ACCESS_TOKEN did not reach this job",
    ],
  },
];

/** Commands whose dry run fails by itself where something is in the way. */
const STOPPING = ["rollback.yml"];

function inputsOf(command: string): Readonly<Record<string, InputSpec>> {
  return MENU.find(({ name }) => name === command)!.inputs;
}

/** What a job gives a command, and nothing where the job does not use it. */
function givenTo(job: Job, command: string): Readonly<Record<string, unknown>> | undefined {
  return job.steps!.find(({ uses }) => uses?.includes(`/actions/${command}@`) === true)?.with;
}

/** Without what a plan is given by another secret, or not at all. */
function withoutOwnSecrets({
  database: _,
  identity: __,
  ...rest
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return rest;
}

function secretsOf(job: Job): string[] {
  return [...new Set([...JSON.stringify(job).matchAll(/secrets\.(\w+)/g)].map(([, name]) => name!))].sort();
}

describe.each(ROLLOUTS)("$file", (rollout) => {
  const { file, commands, own, without, insisted = [], mayWait, more, secrets, rights, told } = rollout;
  const text = read(file);
  const { plan, apply, ...others } = jobsOf(text);
  const called = declaredInputs(text, "workflow_call");
  const byHand = declaredInputs(text, "workflow_dispatch");
  const offered = new Map(
    Object.keys(commands)
      .flatMap((command) => Object.entries(inputsOf(command)))
      .filter(([name]) => !own.includes(name) && !without.includes(name)),
  );

  it("offers every input of its commands to whoever calls it, with the commands' defaults", () => {
    expect(Object.keys(called).sort()).toEqual([...new Set([...offered.keys(), ...more])].sort());
    for (const [name, spec] of offered) {
      const isInsisted = insisted.includes(name);
      const expected = "default" in spec && !isInsisted ? spec.default : undefined;
      expect([name, called[name]!.default]).toEqual([name, expected]);
      const isRequired = isInsisted || (spec.required === true && !mayWait.includes(name));
      expect([name, called[name]!.required ?? false]).toEqual([name, isRequired]);
    }
  });

  it("has a form with no more fields than GitHub takes, and the same defaults", () => {
    expect(Object.keys(byHand).length).toBeLessThanOrEqual(10);
    for (const [name, input] of Object.entries(byHand)) {
      // What is done has to be chosen; the form begins with what changes nothing.
      const expected = name === "do" ? { default: "check" } : called[name]!;
      expect([name, input.default, input.required]).toEqual([name, expected.default, expected.required]);
    }
  });

  it("plans and applies with the same inputs, so that what was shown is what is done", () => {
    for (const [command, [planning, applying]] of Object.entries(commands)) {
      const [planned, applied] = [givenTo(plan!, command)!, givenTo(apply!, command)!];
      const all = Object.keys(inputsOf(command)).filter((name) => !without.includes(name));
      expect(Object.keys(planned).sort()).toEqual(all.filter((name) => name !== "plan-hash").sort());
      const { "dry-run": isDry, "access-token": reading, ...shown } = withoutOwnSecrets(planned);
      const { "plan-hash": hash, "access-token": writing, ...done } = withoutOwnSecrets(applied);
      expect([done, isDry, hash]).toEqual([shown, true, "${{ needs.plan.outputs.plan-hash }}"]);
      for (const name of Object.keys(inputsOf(command)).filter((each) => offered.has(each))) {
        expect(shown[name]).toBe(`\${{ inputs.${name} }}`);
      }
      expect(writing).toBe(reading === undefined ? undefined : "${{ secrets.SUPABASE_ACCESS_TOKEN }}");
      expect(plan!.outputs!["plan-hash"]).toContain(`steps.${planning}.outputs.plan-hash`);
      expect(apply!.outputs!["outcome"]).toContain(`steps.${applying}.outputs.outcome`);
    }
  });

  it("asks for the approval in the second job alone, and never without an environment", () => {
    expect(plan!.environment).toBe("${{ inputs.plan-environment }}");
    expect(apply!.environment).toBe("${{ inputs.environment || 'production' }}");
    expect([apply!.needs].flat()).toContain("plan");
    expect(apply!.if).toContain("!inputs.dry-run");
    for (const job of Object.values(others)) {
      expect([undefined, plan!.environment]).toContain(job.environment);
    }
    for (const name of ["plan", "apply"]) {
      const used = ownSteps(text).filter(({ job }) => job === name);
      expect(used.map(({ command }) => command)).toEqual(Object.keys(commands));
    }
  });

  it("looks first whether the hash has arrived", () => {
    const [first] = apply!.steps!;
    expect(first!.if).toBeUndefined();
    expect(first!.env!["PLAN_HASH"]).toBe("${{ needs.plan.outputs.plan-hash }}");
    expect(first!.run).toMatch(/^if \[ -z "\$PLAN_HASH" \]; then\n[^]*\n {2}exit 7\nfi/);
  });

  it("asks nobody where something is in the way, unless a run is gone on with", () => {
    if (STOPPING.includes(file)) {
      const { "continue-on-error": goesOn } = plan!.steps!.find(({ id }) => id === "plan")!;
      expect(goesOn).toBe("${{ inputs.resume != '' }}");
      const next = plan!.steps!.find(({ name }) => name === "Stop where there is no plan")!;
      expect([next.if, next.run]).toEqual([
        "steps.plan.outputs.plan-hash == ''",
        expect.stringMatching(/exit 3/),
      ]);
      return;
    }
    const asked = plan!.steps!.find(({ name }) => name === "Stop where something is in its way")!;
    expect(asked.if).toMatch(/^inputs\.resume == ''/);
    const how = JSON.stringify(asked);
    for (const state of ["wrong", "moving"]) expect(how).toContain(`'\\"state\\":\\"${state}\\"'`);
    expect(asked.run).toMatch(/exit 3/);
  });

  it("says what is missing in words that the page about troubles explains", () => {
    for (const words of told) {
      expect(text).toContain(words);
      expect(troubles).toContain(`"${words}"`);
    }
  });

  it("leaves no credentials in a checkout, and gives each job only its rights and secrets", () => {
    for (const [name, { steps = [], permissions = {} }] of Object.entries(jobsOf(text))) {
      const [checkout, ...again] = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
      expect(again).toEqual([]);
      expect(checkout!.with!["persist-credentials"]).toBe(false);
      const { "id-token": _, ...rest } = permissions as Record<string, string>;
      const own = name === "plan" || name === "apply" ? rights?.[name] : undefined;
      expect([name, rest]).toEqual([name, { contents: "read", ...own }]);
    }
    expect([secretsOf(plan!), secretsOf(apply!)]).toEqual([secrets.plan, secrets.apply]);
  });

  it("reaches Azure by OIDC wherever a command does", () => {
    for (const { steps = [] } of [plan!, apply!, ...Object.values(others)]) {
      for (const { uses, env } of steps.filter((each) => each.uses?.includes("/holdfast/actions/"))) {
        expect([uses, env]).toEqual([
          uses,
          { AZURE_CLIENT_ID: "${{ vars.AZURE_CLIENT_ID }}", AZURE_TENANT_ID: "${{ vars.AZURE_TENANT_ID }}" },
        ]);
      }
    }
  });

  it("waits for whatever else changes the environment, and cancels nothing", () => {
    expect(apply!.concurrency).toEqual({
      group: "holdfast-${{ inputs.environment || 'production' }}",
      "cancel-in-progress": false,
      queue: "max",
    });
  });
});

describe("deploy.yml", () => {
  const { package: packing, plan, apply } = jobsOf(read("deploy.yml"));

  it("builds in a job that holds no secret, in no environment, and may only read", () => {
    expect(secretsOf(packing!)).toEqual([]);
    expect(packing!.permissions).toEqual({ contents: "read" });
    expect(packing!.environment).toBeUndefined();
    const withToken = packing!.steps!.filter((step) => JSON.stringify(step).includes("github.token"));
    expect(withToken.map(({ name }) => name)).toEqual(["Bring the release's asset"]);
    for (const { steps = [] } of [plan!, apply!]) {
      expect(JSON.stringify(steps)).not.toMatch(/inputs\.(?:build|package|asset)\b(?!-)/);
    }
  });

  it("plans and deploys the one package that was packed, at the commit that it was packed from", () => {
    const kept = packing!.steps!.at(-1)!.with!;
    expect(kept["name"]).toBe("${{ steps.pack.outputs.artifact }}");
    expect(packing!.outputs!["artifact"]).toBe(kept["name"]);
    for (const { steps = [], needs } of [plan!, apply!]) {
      expect([needs].flat()).toContain("package");
      const names = steps.map(({ name }) => name);
      const brought = steps.find(({ name }) => name === "Bring the package")!;
      expect(brought.with!["name"]).toBe("${{ needs.package.outputs.artifact }}");
      const held = steps.find(({ name }) => name === "Stop where it is not what was packed")!;
      expect(held.env).toEqual({
        COMMIT: "${{ needs.package.outputs.commit }}",
        DIGEST: "${{ needs.package.outputs.digest }}",
      });
      const uses = steps.findIndex(({ uses }) => uses?.includes("/actions/deploy@") === true);
      expect(names.indexOf("Stop where it is not what was packed")).toBeLessThan(uses);
      expect(steps[uses]!.with!["package"]).toBe("${{ runner.temp }}/holdfast-brought/package");
      expect(steps[uses]!.with!["unit"]).toMatch(
        /'\{0\}\/holdfast-brought\/\{1\}', runner\.temp, needs\.package/,
      );
    }
    const [planned, applied] = [plan!, apply!].map(
      ({ steps }) => steps!.find(({ name }) => name === "Stop where it is not what was packed")!.run,
    );
    expect(applied).toBe(planned);
  });

  it("can be started with a tag alone, as release publish does", () => {
    const required = Object.entries(declaredInputs(read("deploy.yml"), "workflow_dispatch")).filter(
      ([, input]) => input.required === true,
    );
    expect(required.map(([name]) => name)).toEqual(["tag"]);
  });
});

describe("rollback.yml", () => {
  const text = read("rollback.yml");
  const { plan, apply } = jobsOf(text);
  const planned = givenTo(plan!, "rollback")!;
  const applied = givenTo(apply!, "rollback")!;

  it("can be started with trigger and reason alone, as watch does", () => {
    const form = declaredInputs(text, "workflow_dispatch");
    const required = Object.entries(form).filter(([, input]) => input.required === true);
    expect(required.map(([name]) => name)).toEqual(["reason"]);
    expect(Object.keys(form)).toContain("trigger");
  });

  it("lets choose what the command takes, and nothing else", () => {
    const form = declaredInputs(text, "workflow_dispatch");
    for (const name of ["trigger", "schema"]) {
      const spec = inputsOf("rollback")[name]!;
      if (spec.type !== "choice") throw new Error(`${name} is no choice`);
      const input = form[name]! as { readonly type?: unknown; readonly options?: unknown };
      expect([input.type, input.options]).toEqual(["choice", spec.choices]);
    }
  });

  it("plans with what only reads, and changes only what the plan has seen", () => {
    expect(planned["database"]).toBe("${{ secrets.PLAN_DATABASE_URL || secrets.DATABASE_URL }}");
    expect(plan!.outputs!["with-database"]).toBe("${{ steps.given.outputs.database }}");
    expect(plan!.steps![0]!.env!["DATABASE"]).toBe(
      "${{ secrets.PLAN_DATABASE_URL != '' || secrets.DATABASE_URL != '' }}",
    );
    expect(applied["database"]).toBe(
      "${{ needs.plan.outputs.with-database == 'true' && secrets.DATABASE_URL || '' }}",
    );
    const reading = "${{ secrets.SUPABASE_PLAN_TOKEN || secrets.SUPABASE_ACCESS_TOKEN }}";
    expect(planned["access-token"]).toBe(reading);
    expect(planned["identity"]).toBe("${{ inputs.from-backup != '' && secrets.AGE_IDENTITY || '' }}");
    expect(applied["identity"]).toBe("${{ secrets.AGE_IDENTITY }}");
  });

  it("asks nobody where it is so already, unless a run is gone on with", () => {
    expect(plan!.outputs!["to-do"]).toBe(
      "${{ inputs.resume != '' || steps.plan.outputs.outcome != 'nothing' }}",
    );
    expect(apply!.if).toBe("needs.plan.outputs.to-do != 'false' && !inputs.dry-run");
  });

  it("has the whole history, and the server's programs before it needs them", () => {
    for (const { steps = [] } of [plan!, apply!]) {
      const names = steps.map(({ uses, name }) => uses?.split("@")[0] ?? name);
      const install = names.indexOf("Install PostgreSQL of the server's major where the runner lacks it");
      expect(names.indexOf("truststream/holdfast/actions/rollback")).toBeGreaterThan(install);
      expect(steps[install]!.if).toMatch(/^inputs\.server-major != '' && /);
      expect(steps.find(({ uses }) => uses?.startsWith("actions/checkout@"))!.with).toMatchObject({
        "fetch-depth": 0,
      });
    }
  });
});

it("functions.yml looks and plans with the token that only reads, where there is one", () => {
  const text = read("functions.yml");
  const { look, plan } = jobsOf(text);
  const looking = ownSteps(text).filter(({ job }) => job === "look");
  expect(looking.map(({ command }) => command)).toEqual(["functions-check", "functions-status"]);
  for (const { command, inputs } of looking) {
    const known = Object.keys(inputsOf(command));
    expect(inputs.filter((input) => !known.includes(input))).toEqual([]);
  }
  const reading = "${{ secrets.SUPABASE_PLAN_TOKEN || secrets.SUPABASE_ACCESS_TOKEN }}";
  expect(givenTo(look!, "functions-status")!["access-token"]).toBe(reading);
  for (const command of ["functions-deploy", "functions-rollback"]) {
    expect(givenTo(plan!, command)!["access-token"]).toBe(reading);
  }
});
