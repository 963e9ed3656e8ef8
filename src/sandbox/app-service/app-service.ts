import type { SandboxAnswer, SandboxPart, SandboxRequest } from "../router/part.ts";
import { answerArm } from "./arm.ts";
import { answerKudu } from "./deployments.ts";
import { FORBIDDEN, letsIn } from "./configuration.ts";
import { armRefusal } from "./words.ts";
import { World, type AppServiceOptions, type Site, type Slot } from "./world.ts";

/** App Service, played: management, and the world that it manages. */
export interface AppServicePart extends SandboxPart {
  readonly world: World;
  /** The deployment service of one slot, as a part of the slot's second address. */
  kudu(site: () => Site | undefined, slot: () => Slot): SandboxPart;
}

/** Opens the part; sites are added to its world. */
export function appService(options: AppServiceOptions): AppServicePart {
  const world = new World(options);
  return {
    name: "App Service",
    world,
    owns: (path) => path.toLowerCase().startsWith("/subscriptions/"),
    answer: async (request) => absolute(await answerArm(world, request), request),
    refuse: armRefusal,
    kudu: (site, slot) => ({
      name: "Kudu",
      owns: () => true,
      answer: async (request) => {
        const of = site();
        if (of === undefined) return { status: 404, text: "no such site" };
        if (!letsIn(slot().config, slot().site, "scm")) return FORBIDDEN;
        return await answerKudu(world, of, slot(), request);
      },
      refuse: (refusal) => {
        // Kudu refuses as the web server before it does: without a word of JSON.
        const { status, headers } = armRefusal(refusal);
        return { status, ...(headers === undefined ? {} : { headers }), text: "" };
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

/** Addresses in headers are absolute, at whatever host the client has asked. */
function absolute(answer: SandboxAnswer, { url }: SandboxRequest): SandboxAnswer {
  if (answer.headers === undefined) return answer;
  const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [
    name,
    value.startsWith("/subscriptions/") ? url.origin + value : value,
  ]);
  return { ...answer, headers: Object.fromEntries(headers) };
}
