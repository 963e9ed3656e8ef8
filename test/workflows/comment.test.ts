import { describe, expect, it } from "@jest/globals";
import { getOctokit } from "@actions/github";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { githubDescription } from "../support/github/description.ts";
import { FakeGithub, type FakeAnnotation } from "../support/github/fake-github.ts";
import { jobsOf, scriptOf } from "./rules.ts";

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../.github/workflows/${name}.yml`, import.meta.url)), "utf8");
const WORKFLOW = read("comment");
const TOKEN = "ghs_0123456789";
const SHA = "0123456789abcdef0123456789abcdef01234567";
const FORK = { owner: "mallory", id: 4711 };
const PULL = { number: 17, sha: SHA, from: FORK, branch: "add-orders" };
const MARK = "<!-- holdfast migrations -->";

/** What GitHub says of the run that has ended. */
const RUN = {
  id: 99,
  workflow_id: 5,
  run_number: 12,
  event: "pull_request",
  conclusion: "failure",
  head_sha: SHA,
  head_branch: "add-orders",
  head_repository: { id: FORK.id, owner: { login: FORK.owner } } as {
    readonly id: number;
    readonly owner: { readonly login: string };
  } | null,
  html_url: "https://github.com/acme/shop/actions/runs/99",
};

const FINDING: FakeAnnotation = {
  path: "migrations/202611270900_orders_rollback.sql",
  start_line: 3,
  annotation_level: "failure",
  title: "rollback differs",
  message: "table app.orders is still there",
};

type Script = (github: unknown, context: unknown, core: unknown) => Promise<void>;

/** Runs the workflow's script as actions/github-script does, with the client that it is given there. */
async function comment(fake: FakeGithub, run: Partial<typeof RUN> = {}, about = "migrations"): Promise<void> {
  process.env["ABOUT"] = about;
  const baseUrl = await fake.listen();
  const AsyncFunction = Object.getPrototypeOf(async () => Promise.resolve()).constructor as new (
    ...words: string[]
  ) => Script;
  const script = new AsyncFunction("github", "context", "core", scriptOf(WORKFLOW));
  const context = {
    repo: { owner: "acme", repo: "shop" },
    payload: { workflow_run: { ...RUN, ...run } },
  };
  await script(getOctokit(TOKEN, { baseUrl }), context, { info: () => undefined });
  expect(fake.wrong).toEqual([]);
}

const description = githubDescription();

describe("comment.yml", () => {
  const fakeGithub = (): FakeGithub => {
    const fake = new FakeGithub(description, TOKEN);
    fake.pulls = [PULL];
    fake.jobs = [[FINDING]];
    return fake;
  };

  it.each(["migrations", "policy"])(
    "is all that %s-comment.yml does, with its rights and no more",
    (about) => {
      const text = read(`${about}-comment`);
      const { comment: job, ...more } = jobsOf(text);
      expect(more).toEqual({});
      expect(job).toMatchObject({
        uses: "truststream/holdfast/.github/workflows/comment.yml@v1",
        with: { about },
        permissions: jobsOf(WORKFLOW)["comment"]!.permissions,
      });
      expect(job!.if).toContain("github.event.workflow_run.event == 'pull_request'");
      expect(text.replace(/^ *#.*$/gm, "")).not.toMatch(/secrets|checkout|artifact|pull_request_target/);
    },
  );

  it("tells of a policy what is about no file, but nothing that the runner says of itself", async () => {
    await using fake = fakeGithub();
    fake.jobs = [
      [
        { ...FINDING, path: ".github", title: "lost-impact", message: "@all the title hides it" },
        { ...FINDING, path: ".github", title: "holdfast pr-policy", message: "it is refused" },
        { ...FINDING, path: ".github", title: null, message: "Process completed with exit code 3." },
        { ...FINDING, path: "src/a.ts", title: "uncovered", annotation_level: "notice", message: "line 3" },
        { ...FINDING, path: "src/b.ts", title: null, annotation_level: "notice", message: "of another tool" },
      ],
    ];
    await comment(fake, {}, "policy");
    const { body } = fake.comments[0]!;
    expect(body).toMatch(/^<!-- holdfast policy -->\n\n### ❌ Policy: the check has failed\n/);
    expect(body).toContain(
      "| error |  | <code>lost&#45;impact</code> <code>&#64;<!-- -->all the title hides it</code> |",
    );
    expect(body).toContain("| note | <code>src&#47;a&#46;ts&#58;3</code> |");
    expect(body).toContain("b&#46;ts&#58;3</code> | <code>of another tool</code> |");
    expect(body).not.toContain("<code></code>");
    expect(body).not.toContain("Process");
    expect(body).not.toContain("it is refused");
    expect(body).toContain("has every finding in its summary");
    await using other = fakeGithub();
    await expect(comment(other, {}, "anything")).rejects.toThrow("there is no check anything");
    expect(other.calls).toEqual([]);
  });

  it("runs none of the pull request's code, and may do nothing but read the run and comment", () => {
    const { comment: job, ...more } = jobsOf(WORKFLOW);
    expect(more).toEqual({});
    expect(job!.permissions).toEqual({ actions: "read", checks: "read", "pull-requests": "write" });
    expect(job!.steps!.map(({ uses }) => uses?.split("@")[0])).toEqual(["actions/github-script"]);
    expect(WORKFLOW.replace(/^ *#.*$/gm, "")).not.toMatch(/secrets|checkout|artifact|pull_request_target/);
  });

  it("makes one comment, brings it up to date, and says when all is well again", async () => {
    const comments: FakeGithub["comments"] = [];
    const seen: string[] = [];
    for (const jobs of [[[FINDING]], [[{ ...FINDING, start_line: 8 }]], [[]]]) {
      await using fake = fakeGithub();
      Object.assign(fake, { jobs, comments });
      await comment(fake, { conclusion: jobs[0]!.length === 0 ? "success" : "failure" });
      seen.push(comments.map(({ pull, body }) => `${pull} ${body}`).join("\n---\n"));
    }
    expect(comments).toHaveLength(1);
    expect(seen[0]).toBe(
      [
        `17 ${MARK}`,
        "### ❌ Migrations: the check has failed",
        "| | where | what |\n|---|---|---|\n" +
          "| error | <code>migrations&#47;202611270900&#95;orders&#95;rollback&#46;sql&#58;3</code> | " +
          "<code>rollback differs</code> <code>table app&#46;orders is still there</code> |",
        "Of commit 0123456789. [The run](https://github.com/acme/shop/actions/runs/99) has every pair in " +
          "its summary; this is what it says, and the pull request's own code has a part in that.",
      ].join("\n\n"),
    );
    expect(seen[1]).toContain("sql&#58;8</code>");
    expect(seen[2]).toContain("✅ Migrations: the check has ended well");
    expect(seen[2]).not.toContain("<code>");
  });

  it("says nothing where all is well from the beginning, nor what the runner says of itself", async () => {
    await using fake = fakeGithub();
    fake.jobs = [[{ ...FINDING, path: ".github", message: "Process completed with exit code 3." }]];
    await comment(fake, { conclusion: "success" });
    expect(fake.comments).toEqual([]);
  });

  it("shows text of the run's as text, whatever it is, and not too much of it", async () => {
    await using fake = fakeGithub();
    const hostile = [
      `@octocat #1 acme/shop#2 GH-3 ${SHA} https://evil.example www.evil.example a@evil.example`,
      "</code><img src=x onerror=alert(1)><!-- --> <script>",
      "| a | b |\n\n# Title\n\n- [x](javascript:alert(1)) ![](https://evil.example/x.png) `code` ```\n",
      "&lt;b&gt; &#64;octocat :tada: **bold** ~~gone~~ \\@octocat $x$ \u202e\u200b\u0000\ud800",
      MARK,
      "x".repeat(10_000),
    ];
    fake.jobs = Array.from({ length: 25 }, () =>
      hostile.map((message) => ({ ...FINDING, path: message, title: message, message })),
    );
    await comment(fake);
    const { body } = fake.comments[0]!;
    // What is left without the codes is ours, and in them is nothing but letters, digits and references.
    const codes = [...body.matchAll(/<code>((?:[^<]|<!-- -->)*)<\/code>/g)].map(([, text]) => text!);
    expect(codes).toHaveLength(3 * 30);
    // An address of mail would be a link even there: cmark-gfm looks for the sign when references are read.
    for (const code of codes) expect(code).toMatch(/^(?:[A-Za-z0-9 ]|&#64;<!-- -->|&#(?!64;)\d+;)*$/);
    const frame = body.replace(/<code>(?:[^<]|<!-- -->)*<\/code>/g, "*").split("\n");
    expect(frame.filter((line) => line === "| error | * | * * |")).toHaveLength(30);
    expect(frame.filter((line) => line !== "| error | * | * * |")).toHaveLength(10);
    expect(frame).toContain("… and 90 more.");
    expect(body.length).toBeLessThan(65_536);
  });

  it.each(["\u4e2d", "!", "\u{1f600}", "x"])(
    "takes as many rows as GitHub takes, and counts the rest: %s",
    async (letter) => {
      await using fake = fakeGithub();
      const text = letter.repeat(2000);
      fake.jobs = [
        Array.from({ length: 40 }, () => ({ ...FINDING, path: text, title: text, message: text })),
      ];
      await comment(fake);
      const { body } = fake.comments[0]!;
      expect(body.length).toBeLessThanOrEqual(65_536);
      const rows = body.split("\n").filter((line) => line.startsWith("| error |"));
      const one = rows[0]!.length + 1;
      expect(rows.length === 30 || body.length + one > 65_536).toBe(true);
      expect(body).toContain(`… and ${40 - rows.length} more.`);
      expect(rows[0]!.match(/&#8230;<\/code>/g)).toHaveLength(3);
    },
  );

  it.each([
    ["whose head has moved on", { pulls: [{ ...PULL, sha: "f".repeat(40) }] }, {}],
    ["of another fork with that branch and commit", { pulls: [{ ...PULL, from: { ...FORK, id: 1 } }] }, {}],
    ["whose fork is gone", { pulls: [{ ...PULL, from: undefined }] }, { head_repository: null }],
    ["that is not open any more", { pulls: [] }, {}],
  ])("comments on no pull request %s", async (_, state, run) => {
    await using fake = fakeGithub();
    Object.assign(fake, state);
    await comment(fake, run);
    expect(fake.comments).toEqual([]);
    expect(fake.calls.filter((call) => !call.startsWith("GET "))).toEqual([]);
  });

  it("leaves the last word to a newer run of the same commit that has ended", async () => {
    const newer = { number: 13, conclusion: "success", from: FORK.id };
    for (const [runs, count] of [
      [[newer], 0],
      [
        [
          { ...newer, conclusion: "cancelled" },
          { ...newer, from: 1 },
          { ...newer, number: 11 },
        ],
        1,
      ],
    ] as const) {
      await using fake = fakeGithub();
      fake.runs = [...runs];
      await comment(fake);
      expect(fake.comments).toHaveLength(count);
    }
  });

  it("finds its own comment among many, and leaves alone what others have begun with its mark", async () => {
    await using fake = fakeGithub();
    const others = Array.from({ length: 150 }, (_, at) => ({
      id: at + 1,
      pull: 17,
      login: at % 2 === 0 ? "mallory" : "github-actions[bot]",
      body: at % 2 === 0 ? `${MARK}\nmine` : "another workflow's",
    }));
    fake.comments = [...others, { id: 151, pull: 17, login: "github-actions[bot]", body: `${MARK}\nold` }];
    const before = structuredClone(others);
    await comment(fake);
    expect(fake.comments).toHaveLength(151);
    expect(fake.comments.slice(0, 150)).toEqual(before);
    expect(fake.comments[150]!.body).toContain("the check has failed");
  });
});
