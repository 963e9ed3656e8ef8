import { HoldfastError } from "../../kernel/errors.ts";

/** A proxy that the environment names. */
export interface Proxy {
  /** Which variable names it, as it is written there. */
  readonly variable: string;
  /** Without user and password. */
  readonly address: string;
  readonly hasLogin: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy over which Azure's library asks a host; undefined where it asks directly. Its own order and its
 * own reading of NO_PROXY: names as they are or with a leading dot, neither stars nor networks.
 * https://learn.microsoft.com/azure/developer/javascript/sdk/proxy
 *
 * @throws input.malformed for an address that the library cannot read, or reads as something else
 */
export function proxyFor(host: string, env: Environment): Proxy | undefined {
  const variable = ["HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"]
    .flatMap((name) => [name, name.toLowerCase()])
    .find((name) => (env[name] ?? "") !== "");
  if (variable === undefined) return undefined;
  const url = URL.parse(env[variable] ?? "");
  if (url === null || url.hostname === "" || !/^https?:$/.test(url.protocol)) {
    // The value is not repeated: it may hold a password.
    throw new HoldfastError("input.malformed", `${variable} is not an address that begins with http://`, {
      hint:
        "Write http://<host>:<port>, with <user>:<password>@ in front of the host where it " +
        "wants a login.",
    });
  }
  if (isExcepted(host, env["NO_PROXY"] || env["no_proxy"] || "")) return undefined;
  return { variable, address: `${url.protocol}//${url.host}`, hasLogin: url.username !== "" };
}

function isExcepted(host: string, list: string): boolean {
  return list
    .split(",")
    .map((entry) => entry.trim())
    .some((entry) =>
      entry.startsWith(".") ? host.endsWith(entry) || host === entry.slice(1) : entry === host,
    );
}

/** `the proxy http://proxy:3128 (HTTPS_PROXY)` */
export function proxyWords({ address, variable }: Proxy): string {
  return `the proxy ${address} (${variable})`;
}
