import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { withoutTrailing } from "../../kernel/cut.ts";
import type { Json } from "../../kernel/outcome.ts";
import { jsonOf, type SandboxAnswer, type SandboxRequest } from "../router/part.ts";
import { startOf, unpack } from "./package.ts";
import { STATUS, type Deployment } from "./deployment.ts";
import { beginSwap } from "./swap.ts";
import { inProgress, type Site, type Slot, type World } from "./world.ts";

/** The deployment service of one slot, called Kudu; at an address of its own, as in Azure. */
export async function answerKudu(
  world: World,
  site: Site,
  slot: Slot,
  request: SandboxRequest,
): Promise<SandboxAnswer> {
  const { method, url } = request;
  const path = withoutTrailing(url.pathname, "/").toLowerCase();
  if (method === "POST" && path === "/api/publish") {
    if (url.searchParams.get("type") !== "zip") {
      return { status: 400, json: { Message: "the sandbox publishes type=zip only" } };
    }
    return await deploy(world, site, slot, request, {
      isAsync: isTrue(url.searchParams.get("async")),
      deployer: "OneDeploy",
      restarts: url.searchParams.get("restart") !== "false",
    });
  }
  if (method === "POST" && path === "/api/zipdeploy") {
    const isAsync = isTrue(url.searchParams.get("isAsync"));
    return await deploy(world, site, slot, request, { isAsync, deployer: "ZipDeploy", restarts: true });
  }
  if (method === "GET" && path === "/api/deployments") {
    return { status: 200, json: slot.content.deployments.map((each) => shown(site, slot, each)).reverse() };
  }
  const id = /^\/api\/deployments\/([^/]+)$/.exec(path)?.[1];
  if (method === "GET" && id !== undefined) return status(world, site, slot, id);
  if (method === "GET" && path === "/api/settings") {
    await jsonOf(request);
    return { status: 200, json: slot.settings };
  }
  return { status: 404, json: { Message: `No HTTP resource was found that matches '${path}'.` } };
}

interface Deploying {
  readonly isAsync: boolean;
  readonly deployer: string;
  readonly restarts: boolean;
}

async function deploy(
  world: World,
  site: Site,
  slot: Slot,
  request: SandboxRequest,
  { isAsync, deployer, restarts }: Deploying,
): Promise<SandboxAnswer> {
  const { content } = slot;
  if (content.deployments.some(({ ended }) => ended === undefined)) {
    const text = "There is a deployment currently in progress. Please try again when it completes.";
    return { status: 409, text };
  }
  const refusal = world.faults.nextPackage();
  if (refusal !== undefined) return { status: 409, text: refusal };
  const faults = world.faults.nextDeployment();
  const deployment: Deployment = {
    id: randomUUID(),
    received: world.options.clock.now(),
    deployer,
    status: STATUS.pending,
    text: "",
    statusText: faults.fails?.statusText,
    ended: undefined,
  };
  content.deployments.push(deployment);
  const folder = await world.newFolder();
  const zip = `${folder}.zip`;
  try {
    const file = createWriteStream(zip);
    await pipeline(request.body, file);
    if (!file.closed) await once(file, "close");
  } catch (error) {
    end(world, deployment, STATUS.failed, "the package was not received whole");
    await rm(zip, { force: true });
    throw error;
  }
  const work = build();
  world.track(work);
  if (!isAsync) {
    await work;
    const isGood = deployment.status === STATUS.success;
    return isGood
      ? { status: 200, json: shown(site, slot, deployment) }
      : { status: 400, text: deployment.text };
  }
  const time = deployment.received.toISOString();
  return {
    status: 202,
    headers: {
      location: `https://${slot.scm.host}/api/deployments/latest?deployer=${deployer}&time=${time}`,
      "retry-after": String(world.options.retryAfterSeconds),
      "scm-deployment-id": deployment.id,
    },
  };

  async function build(): Promise<void> {
    try {
      deployment.status = STATUS.building;
      await world.pass(world.options.phases.buildMs);
      if (faults.hangs) await world.pass(24 * 60 * 60_000);
      if (faults.fails !== undefined) throw new Error(faults.fails.message);
      await unpack(zip, folder);
      const start = await startOf(folder, world.options.node);
      deployment.status = STATUS.deploying;
      content.start = start;
      // A content that was swapped away while it was built restarts where it is now.
      const place = [...site.slots.values()].find((each) => each.content === content) ?? slot;
      if (restarts || content.app === undefined) await world.restartSlot(place);
      end(world, deployment, STATUS.success, "");
      swapByItself(world, site, place);
    } catch (error) {
      end(world, deployment, STATUS.failed, error instanceof Error ? error.message : String(error));
    } finally {
      await rm(zip, { force: true });
    }
  }
}

/** Auto swap: what was deployed goes live, without anybody asking. */
function swapByItself(world: World, site: Site, slot: Slot): void {
  const into = slot.config["autoSwapSlotName"];
  const target = typeof into === "string" ? site.slots.get(into.toLowerCase()) : undefined;
  if (target !== undefined && inProgress(site) === undefined) beginSwap(world, site, slot, target);
}

function end(world: World, deployment: Deployment, how: 3 | 4, text: string): void {
  deployment.status = how;
  deployment.text = text;
  deployment.ended = world.options.clock.now();
}

/** A failed build is 200 as well: only its status tells. */
function status(world: World, site: Site, slot: Slot, id: string): SandboxAnswer {
  const { deployments } = slot.content;
  const isLatest = id === "latest";
  const found = isLatest ? deployments.at(-1) : deployments.find((each) => each.id === id);
  if (found === undefined) return { status: 404, json: { Message: `Deployment '${id}' not found.` } };
  const json = shown(site, slot, found);
  if (!isLatest || found.ended !== undefined) return { status: 200, json };
  return {
    status: 202,
    json,
    headers: {
      location: `https://${slot.scm.host}/api/deployments/latest`,
      "retry-after": String(world.options.retryAfterSeconds),
    },
  };
}

/** `DeployResult` of Kudu. */
function shown(site: Site, slot: Slot, deployment: Deployment): Json {
  const { id, status: number, text, received, ended } = deployment;
  const isGood = number === STATUS.success;
  const url = `https://${slot.scm.host}/api/deployments/${id}`;
  return {
    id,
    status: number,
    status_text: number === STATUS.failed ? (deployment.statusText ?? text) : "",
    author_email: "N/A",
    author: "N/A",
    deployer: deployment.deployer,
    message: number === STATUS.failed ? text : "OneDeploy",
    progress: ended === undefined ? "Building and Deploying" : "",
    received_time: received.toISOString(),
    start_time: received.toISOString(),
    end_time: ended?.toISOString() ?? null,
    last_success_end_time: isGood ? (ended?.toISOString() ?? null) : null,
    complete: ended !== undefined,
    active: isGood && slot.content.deployments.findLast((each) => each.status === STATUS.success)?.id === id,
    is_temp: false,
    is_readonly: true,
    url,
    log_url: `${url}/log`,
    site_name: site.name,
    provisioningState: ended === undefined ? "InProgress" : isGood ? "Succeeded" : "Failed",
  };
}

function isTrue(value: string | null): boolean {
  return value?.toLowerCase() === "true";
}
