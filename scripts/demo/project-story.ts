import { join } from "node:path";
import { Holdfast } from "./holdfast.ts";
import {
  askProject,
  countProject,
  EXPECTED,
  jobState,
  startProjects,
  whyNoProject,
  type Answer,
  type Projects,
} from "./project.ts";
import { BrokenPromise, expectExit, requireProved } from "./promise.ts";
import type { World } from "./world.ts";

const STEPS = 5;
const TITLE = "A Supabase project moves house";

/**
 * Tells how a whole project comes back in another one, as the role that people have there; or says why it
 * cannot be told here.
 */
export async function tellProject(world: World): Promise<void> {
  const { narrator, cancelled } = world;
  const whyNot = await whyNoProject(world.postgres);
  if (whyNot !== undefined) {
    narrator.chapter(TITLE, 0);
    narrator.say(
      `NOT TOLD HERE: ${whyNot}.\nHOLDFAST_PG_BIN names the bin folder of another PostgreSQL; ` +
        "the distributions' packages have them all.",
    );
    return;
  }
  narrator.chapter(TITLE, STEPS);
  const projects = await openProjects(world);
  const before = await askProject(projects.blog);
  cancelled.throwIfAborted();
  const holdfast = commands(world, projects);
  const id = await backUp(world, holdfast);
  await prove(world, holdfast, id);
  await bringInto(world, holdfast);
  await seeWhetherItWorks(world, projects, before);
}

async function openProjects({ narrator, postgres, keep, cancelled }: World): Promise<Projects> {
  narrator.step(
    "Two projects",
    "Of the shape that Supabase gives them: no superuser, half of the schemas are the platform's. " +
      "One has a blog in it, the other is new.",
  );
  const projects = await startProjects(postgres.tools, keep);
  cancelled.throwIfAborted();
  const [then, now] = [await countProject(projects.blog), await countProject(projects.fresh)];
  narrator.table(
    ["table", "blog", "new project"],
    then.map(([table, rows], at) => [table, rows, now[at]?.[1] ?? ""]),
    ["blog", "new project"],
  );
  narrator.say(
    "\nThe blog's trigger on auth.users makes a profile for everybody who signs up; " +
      "row security says who sees what; a job runs at night.",
  );
  narrator.took("start two projects, one with a blog");
  return projects;
}

/**
 * Both addresses are of `postgres`, the role that people have; the proof's server has the extensions that the
 * project's has.
 */
function commands(
  { folder, cancelled, storeSecrets, onHoldfast }: World,
  { blog, fresh }: Projects,
): Holdfast {
  const addresses = {
    HOLDFAST_DATABASE: blog.url,
    HOLDFAST_TARGET: fresh.url,
    HOLDFAST_PG_BIN: blog.server.cluster.facts.binDir,
  };
  const holdfast = new Holdfast(
    { ...storeSecrets, ...addresses, HOLDFAST_IDENTITY_FILE: join(folder, "identity.txt") },
    folder,
    cancelled,
  );
  onHoldfast(holdfast);
  return holdfast;
}

async function backUp({ narrator, recipient }: World, holdfast: Holdfast): Promise<string> {
  narrator.step(
    "A backup as postgres",
    "The same command: what is the platform's is known, and written down beside what is yours.",
  );
  narrator.command(`holdfast backup --source blog --recipients ${recipient.slice(0, 12)}…`);
  const run = expectExit(
    await holdfast.run(["backup", "--source", "blog", "--recipients", recipient]),
    0,
    "the project's backup",
  );
  narrator.took("back up the project", run.ms);
  return String(run.outputs["id"]);
}

async function prove({ narrator }: World, holdfast: Holdfast, id: string): Promise<void> {
  narrator.step(
    "The proof",
    "On a throw-away server again, with nothing of Supabase's but what the backup says of it.",
  );
  narrator.command("holdfast validate --source blog --depth restored");
  const run = expectExit(
    await holdfast.run(["validate", "--source", "blog", "--depth", "restored"]),
    0,
    "validate of the project",
  );
  requireProved(run, id);
  narrator.took("prove the project's backup", run.ms);
}

async function bringInto({ narrator }: World, holdfast: Holdfast): Promise<void> {
  narrator.step(
    "Into the new project",
    "In one transaction: what is yours comes whole, people's rows in auth and storage too; " +
      "nothing of the platform's is dropped or altered.",
  );
  narrator.command("holdfast restore --source blog");
  const run = expectExit(
    await holdfast.run(["restore", "--source", "blog"]),
    0,
    "restore into the new project",
  );
  if (run.outputs["verdict"] !== "proved") {
    throw new BrokenPromise(
      `the restored project should be proved, and is ${String(run.outputs["verdict"])}`,
    );
  }
  narrator.took("restore the project into a new one (RTO)", run.ms);
}

async function seeWhetherItWorks(
  { narrator }: World,
  { blog, fresh }: Projects,
  before: readonly Answer[],
): Promise<void> {
  narrator.step(
    "Does it work?",
    "The application is asked what its users would ask, in the old project and in the new one.",
  );
  const after = await askProject(fresh);
  const isRight = (at: number): boolean =>
    before[at]?.said === after[at]?.said && after[at]?.said === EXPECTED[at];
  const rows = before.map(({ asked, said }, at) => [
    asked,
    said,
    after[at]?.said ?? "–",
    isRight(at) ? "✔ as it was" : "✘ DIFFERS",
  ]);
  const [ran, runs] = [await jobState(blog), await jobState(fresh)];
  rows.push(["the job at night", ran, runs, runs === "paused" ? "✔ until you start it" : "✘ NOT PAUSED"]);
  narrator.table(["asked", "blog", "new project", ""], rows);
  narrator.say("");
  if (before.some((_, at) => !isRight(at)) || ran !== "runs" || runs !== "paused") {
    throw new BrokenPromise("the new project does not work as the old one did");
  }
  narrator.good("the new project works as the old one did; its job waits for your word");
}
