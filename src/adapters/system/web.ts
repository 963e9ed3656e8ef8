import { request as plain, type IncomingMessage } from "node:http";
import { request as secure } from "node:https";
import { HoldfastError } from "../../kernel/errors.ts";
import { innermost } from "../../kernel/innermost.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { Web, WebAnswer, WebCall } from "../../ports/web.ts";

const BODY_MAX = 64 * 1024;

/** Node's own client, with a new connection for each request. */
export function systemWeb(version: string): Web {
  return { get: (address, call) => get(address, call, version) };
}

async function get(address: string, { signal, withinMs }: WebCall, version: string): Promise<WebAnswer> {
  signal.throwIfAborted();
  const late = AbortSignal.timeout(Math.max(1, withinMs));
  try {
    return await answered(address, AbortSignal.any([signal, late]), version);
  } catch (error) {
    signal.throwIfAborted();
    if (!late.aborted && isOfCertificate(error)) {
      throw new HoldfastError(
        "web.untrusted",
        `${address} shows a certificate that is not trusted: ${printableLine(innermost(error, "no answer"))}`,
        { hint: "Renew or correct it; one of your own has to be in NODE_EXTRA_CA_CERTS.", cause: error },
      );
    }
    const why = late.aborted
      ? `no answer in ${Math.round(withinMs / 1000)} s`
      : innermost(error, "no answer");
    throw new HoldfastError("web.unreachable", `${address} gave no answer: ${printableLine(why)}`, {
      hint: "See whether the app runs, and whether this machine may reach it.",
      cause: error,
    });
  }
}

function answered(address: string, signal: AbortSignal, version: string): Promise<WebAnswer> {
  return new Promise((resolve, reject) => {
    const url = new URL(address);
    const request = url.protocol === "https:" ? secure : plain;
    const asked = request(url, {
      agent: false,
      signal,
      headers: { accept: "*/*", "user-agent": `holdfast/${version}`, connection: "close" },
    });
    asked.on("error", reject);
    asked.on("response", (response) => void read(response).then(resolve, reject));
    asked.end();
  });
}

async function read(response: IncomingMessage): Promise<WebAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= BODY_MAX) break;
  }
  const headers = Object.entries(response.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")] as const,
  );
  return {
    status: response.statusCode ?? 0,
    headers: new Map(headers),
    body: Buffer.concat(chunks).subarray(0, BODY_MAX).toString("utf8"),
  };
}

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes, and that of another name. */
const OF_CERTIFICATE = [
  "ERR_TLS_CERT_ALTNAME_",
  "CERT_",
  "CRL_",
  "UNABLE_TO_",
  "ERROR_IN_C",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "HOSTNAME_MISMATCH",
  "PATH_LENGTH_EXCEEDED",
];

function isOfCertificate(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isOfCertificate);
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && OF_CERTIFICATE.some((begin) => code.startsWith(begin));
}
