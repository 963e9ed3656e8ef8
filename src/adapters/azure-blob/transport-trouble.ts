import { anyOf } from "../../kernel/pattern.ts";
import { printableLine } from "../../kernel/printable.ts";
import { proxyFor, proxyWords } from "./proxy.ts";

/**
 * Codes of Node's sockets, resolver, TLS and HTTP parser. Their texts name hosts, ports and certificates
 * alone.
 */
const NODES_OWN = anyOf(
  /^(?:E(?!RR_)[A-Z0-9]{2,}(?:_[A-Z0-9]+)*|ERR_(?:TLS|SSL|SOCKET|STREAM)_\w+)$/,
  /^(?:HPE_\w+|\w*CERT\w*|UNABLE_TO_\w+|HOSTNAME_MISMATCH)$/,
);
const CERTIFICATE = /CERT|UNABLE_TO_|HOSTNAME_MISMATCH|ERR_TLS|ERR_SSL|EPROTO/;

/** The code of an error that Node itself made of a connection; undefined for any other. */
export function transportCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" && NODES_OWN.test(code) ? code : undefined;
}

/**
 * `host: connect ECONNREFUSED 10.0.0.1:443`, with the proxy where one is asked; the text is passed on only of
 * errors that are known to be Node's, because others may repeat the address with its signature.
 */
export function transportWords(
  error: unknown,
  host: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const code = transportCode(error);
  const message = error instanceof Error ? error.message : "";
  const words =
    code === undefined
      ? error instanceof Error
        ? error.name
        : "no answer"
      : message.includes(code)
        ? message
        : [code, message].filter((part) => part !== "").join(": ");
  const proxy = proxyFor(host, env);
  const by = proxy === undefined ? "" : `, by way of ${proxyWords(proxy)}`;
  return `${host}: ${printableLine(words).slice(0, 300)}${by}`;
}

/** What helps where a connection could not be made or kept; undefined where nothing is known of it. */
export function transportHint(
  error: unknown,
  host: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const code = transportCode(error);
  const proxy = proxyFor(host, env);
  if (code !== undefined && CERTIFICATE.test(code)) {
    return (
      `The certificate shown for ${host} is not one that this machine trusts: a proxy that reads ` +
      "TLS, a wrong endpoint, or a wrong clock. Name the authority's certificate in NODE_EXTRA_CA_CERTS " +
      "where it is your own."
    );
  }
  if (proxy !== undefined) {
    return (
      `Check that ${proxyWords(proxy)} can be reached and lets ${host} through, or unset ` +
      `${proxy.variable}; ` +
      `NO_PROXY=${host} goes past it.`
    );
  }
  return undefined;
}
