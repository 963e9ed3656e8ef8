import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { actionRun } from "../../../src/entry/process/run-identity.ts";

/** GitHub's own toolkit reads the same variables; what a manifest says of a run must agree with it. */
describe("the identity of an action's run", () => {
  const variables = {
    GITHUB_REPOSITORY: "acme/shop",
    GITHUB_RUN_ID: "1234567",
    GITHUB_RUN_ATTEMPT: "2",
    GITHUB_SERVER_URL: "https://github.example.com",
    GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
    GITHUB_ACTOR: "octocat",
  };
  const before = { ...process.env };

  beforeEach(() => {
    Object.assign(process.env, variables);
  });
  afterEach(() => {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, before);
  });

  it("agrees with @actions/github's context", async () => {
    const { context } = await import("@actions/github");
    const run = actionRun(process.env);
    expect(run.id).toBe(`${context.runId}.${context.runAttempt}`);
    expect(run.commit).toBe(context.sha);
    expect(run.url).toBe(
      `${context.serverUrl}/${context.repo.owner}/${context.repo.repo}/actions/runs/${context.runId}` +
        `/attempts/${context.runAttempt}`,
    );
    expect(run.actor).toBe(context.actor);
  });
});
