import { execFileSync } from "node:child_process";

/**
 * A network of its own (Linux namespace, ip-netns(8)), joined to this one by a link that can be taken away:
 * packets vanish then, nothing is acknowledged, and nobody is told. A relay that falls silent cannot do that,
 * since the system behind it goes on acknowledging what arrives.
 */
export interface LostNetwork extends Disposable {
  /** Of this side, for whoever is in the other network. */
  readonly host: string;
  /** What starts a program in the other network. */
  readonly by: readonly string[];
  take(): void;
  giveBack(): void;
}

/** @returns why there can be none here */
export function lostNetwork(): LostNetwork | { readonly reason: string } {
  const name = `holdfast-${process.pid}`;
  const [outer, inner] = [`hfo${process.pid}`, `hfi${process.pid}`];
  // Of the range for measurements between networks (RFC 2544), which nobody routes.
  const net = `198.18.${process.pid % 256}`;
  const ip = (text: string): void => {
    execFileSync("ip", text.split(" "), { stdio: ["ignore", "ignore", "pipe"] });
  };
  try {
    ip(`netns add ${name}`);
  } catch (error) {
    return { reason: `no network namespace can be made here: ${(error as Error).message.trim()}` };
  }
  const leave = (): void => ip(`netns delete ${name}`);
  try {
    ip(`link add ${outer} type veth peer name ${inner} netns ${name}`);
    ip(`address add ${net}.1/30 dev ${outer}`);
    ip(`link set ${outer} up`);
    ip(`-n ${name} address add ${net}.2/30 dev ${inner}`);
    ip(`-n ${name} link set ${inner} up`);
    ip(`-n ${name} link set lo up`);
  } catch (error) {
    leave();
    return { reason: `no network can be made in a namespace here: ${(error as Error).message.trim()}` };
  }
  return {
    host: `${net}.1`,
    by: ["ip", "netns", "exec", name],
    take: () => ip(`link set ${outer} down`),
    giveBack: () => ip(`link set ${outer} up`),
    [Symbol.dispose]: leave,
  };
}
