import { createRequire } from "node:module";
import type * as ChildProcess from "node:child_process";
import type * as Net from "node:net";

/** Whether the tests of the file that runs now may leave their process, and what they called to do so. */
export interface Reach {
  /** Thrown when they do; undefined lets them. */
  forbidden: ((call: string) => Error) | undefined;
  /** The first call by which they did, such as `spawn pg_dump`. */
  first: string | undefined;
}

const PLACE = Symbol.for("holdfast.test.reach");

// The modules themselves, which every test file of a worker shares; an import would be a copy of this
// file's own.
const require = createRequire(import.meta.url);
const children = require("node:child_process") as typeof ChildProcess & { [PLACE]?: Reach };
const net = require("node:net") as typeof Net;

/**
 * Every way out of the process: programs, connections, and listening for them. Hooked once in a worker;
 * each test file begins anew.
 */
export function beginReach(forbidden: Reach["forbidden"]): Reach {
  const reach = (children[PLACE] ??= hooked({ forbidden, first: undefined }));
  reach.forbidden = forbidden;
  reach.first = undefined;
  return reach;
}

function hooked(reach: Reach): Reach {
  const hook = (owner: object, name: string, describe: (args: readonly unknown[]) => string): void => {
    const methods = owner as Record<string, (...args: unknown[]) => unknown>;
    const real = methods[name]!;
    methods[name] = function (this: unknown, ...args: unknown[]): unknown {
      const call = `${name} ${describe(args)}`.trim();
      reach.first ??= call;
      if (reach.forbidden !== undefined) throw reach.forbidden(call);
      return real.apply(this, args);
    };
  };
  const file = ([first]: readonly unknown[]): string =>
    String((first as { file?: string } | undefined)?.file ?? first ?? "");
  // What is not synchronous is all started by this one method.
  hook(children.ChildProcess.prototype, "spawn", file);
  for (const name of ["spawnSync", "execSync", "execFileSync"]) hook(children, name, file);
  hook(net.Socket.prototype, "connect", () => "");
  hook(net.Server.prototype, "listen", () => "");
  return reach;
}
