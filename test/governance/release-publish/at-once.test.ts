import { describe, expect, test } from "@jest/globals";
import { releaseWorld, type ReleaseWorld, type Told } from "./support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const DEPLOYS = {
  ".github/holdfast.yml": "release:\n  deploy: { workflow: deploy.yml, inputs: [tag] }\n",
};
const MINUTE_MS = 60_000;

/** A release that is published, and whose deployment GitHub did not take. */
async function undeployed(): Promise<ReleaseWorld> {
  const made = await releaseWorld();
  made.commit("feat: carts", DEPLOYS);
  made.fake.mayStart = false;
  expect(await made.publish()).toMatchObject({ exit: 4, published: true });
  made.fake.mayStart = true;
  expect(made.fake.runs).toEqual([]);
  return made;
}

/** Who comes waits for as many, and all go on together; with fewer nobody does. */
function barrier(count: number): { readonly pass: () => Promise<undefined>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let come = 0;
  return {
    pass() {
      come += 1;
      if (come === count) resolve(undefined);
      return promise;
    },
    open: () => resolve(undefined),
  };
}

const isClaim = (call: string): boolean => call.startsWith("POST ") && call.endsWith("/git/refs");
const isStart = (call: string): boolean => call.endsWith("/dispatches");

const inTurn = testInTurn("releases at once", 3);

describe("runs at once", () => {
  test.each([2, 3])("of which %d find the deployment missing start it once", async (count) => {
    await using made = await undeployed();
    const [claims, starts] = [barrier(count), barrier(count)];
    let sleeping = 0;
    // Whoever has the claim starts nothing before all the others have had to wait for it.
    made.slept = () => {
      sleeping += 1;
      if (sleeping === count - 1) starts.open();
      return Promise.resolve();
    };
    made.fake.beforeWrite = async (call) => {
      if (isClaim(call)) await claims.pass();
      if (isStart(call)) await starts.pass();
    };
    const found = await Promise.all(Array.from({ length: count }, () => made.publish()));
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.3.0"]);
    expect(found.map(({ exit }) => exit)).toEqual(found.map(() => 0));
    expect(found.map(({ states }) => states["deployment"])).toEqual(found.map(() => "done"));
    expect(made.fake.wrong).toEqual([]);
  });

  inTurn("of which one comes while another has the claim wait for its run, and start none", async () => {
    await using made = await undeployed();
    let second: Promise<Told> | undefined;
    const starts = barrier(2);
    made.slept = () => {
      starts.open();
      return Promise.resolve();
    };
    made.fake.beforeWrite = async (call) => {
      if (!isStart(call)) return;
      second ??= made.publish();
      await starts.pass();
    };
    expect(await made.publish()).toMatchObject({ exit: 0, states: { deployment: "done" } });
    expect(await second).toMatchObject({ exit: 0, states: { deployment: "done" } });
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.3.0"]);
  });
});

describe("a claim on the deployment", () => {
  inTurn("of a run that was killed before the start is taken over when it is old", async () => {
    await using made = await undeployed();
    made.fake.faults = [{ on: "POST /repos/acme/shop/actions", status: "cut" }];
    expect((await made.publish()).states).toMatchObject({ deployment: "failed" });
    made.fake.faults = [];
    expect(made.fake.runs).toEqual([]);
    const before = made.time.now;
    expect(await made.publish()).toMatchObject({ exit: 0, states: { deployment: "done" } });
    expect(made.time.now - before).toBeGreaterThanOrEqual(4 * MINUTE_MS);
    expect(made.time.now - before).toBeLessThan(7 * MINUTE_MS);
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.3.0"]);
  });

  inTurn("that several find old is taken over by one of them", async () => {
    await using made = await undeployed();
    made.fake.faults = [{ on: "POST /repos/acme/shop/actions", status: "cut" }];
    expect((await made.publish()).states).toMatchObject({ deployment: "failed" });
    made.fake.faults = [];
    made.time.now += 6 * MINUTE_MS;
    const [claims, starts] = [barrier(2), barrier(2)];
    made.slept = () => {
      starts.open();
      return Promise.resolve();
    };
    made.fake.beforeWrite = async (call) => {
      if (isClaim(call)) await claims.pass();
      if (isStart(call)) await starts.pass();
    };
    await Promise.all([made.publish(), made.publish()]);
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.3.0"]);
  });

  inTurn("of a run whose clock is wrong is waited for no longer than others", async () => {
    await using made = await undeployed();
    made.time.now += 60 * MINUTE_MS;
    made.fake.faults = [{ on: "POST /repos/acme/shop/actions", status: "cut" }];
    expect((await made.publish()).states).toMatchObject({ deployment: "failed" });
    made.fake.faults = [];
    made.time.now -= 60 * MINUTE_MS;
    const before = made.time.now;
    expect(await made.publish()).toMatchObject({ exit: 0, states: { deployment: "done" } });
    expect(made.time.now - before).toBeLessThan(7 * MINUTE_MS);
  });

  inTurn("is given up where GitHub refuses the start, so that nobody waits for it", async () => {
    await using made = await undeployed();
    const before = made.time.now;
    expect(await made.publish()).toMatchObject({ exit: 0, states: { deployment: "done" } });
    expect(made.time.now - before).toBeLessThan(MINUTE_MS);
  });

  inTurn("whose answer was lost is known again as one's own", async () => {
    await using made = await undeployed();
    made.fake.faults = [{ on: "POST /repos/acme/shop/git/refs", status: "done-then-cut", times: 1 }];
    const before = made.time.now;
    expect(await made.publish()).toMatchObject({ exit: 0, states: { deployment: "done" } });
    expect(made.time.now - before).toBeLessThan(MINUTE_MS);
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.3.0"]);
  });

  inTurn("that grew old before the start is not used: another run may have one by then", async () => {
    await using made = await undeployed();
    made.fake.beforeWrite = (call) => {
      if (isClaim(call)) made.time.now += 4 * MINUTE_MS;
      return Promise.resolve();
    };
    const late = await made.publish();
    expect(late).toMatchObject({ exit: 4, states: { deployment: "failed" } });
    expect(late.headline).toContain("another run may do it by now");
    expect(made.fake.runs).toEqual([]);
    made.fake.beforeWrite = () => Promise.resolve();
    expect(await made.publish()).toMatchObject({ exit: 0, states: { deployment: "done" } });
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.3.0"]);
  });
});
