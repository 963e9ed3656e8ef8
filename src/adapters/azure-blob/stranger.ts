import { printableLine } from "../../kernel/printable.ts";
import { proxyWords, type Proxy } from "./proxy.ts";

const SHOWN_MAX = 80;

/** What can be said of an answer without its text: a page may repeat the request's address and signature. */
export interface StrangerFacts {
  readonly status: number;
  /** Who was asked. */
  readonly host: string;
  readonly proxy: Proxy | undefined;
  readonly header: (name: string) => string | undefined;
  /** The beginning of the body. */
  readonly page: string;
}

/** An answer that no blob service gave: a proxy's, a web filter's, a sign-in page's. */
export class StrangerAnswer extends Error {
  override readonly name = "StrangerAnswer";
  readonly status: number;
  readonly hint: string;

  constructor(facts: StrangerFacts) {
    super(whoSpoke(facts));
    this.status = facts.status;
    this.hint = whatHelps(facts);
  }
}

/** Every answer of a blob service, and of its emulators, has a header of this family. */
export function isAzures(headers: Iterable<readonly [string, string]>): boolean {
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (lower.startsWith("x-ms-") || (lower === "server" && /azur/i.test(value))) return true;
  }
  return false;
}

function whoSpoke(facts: StrangerFacts): string {
  const { status, proxy } = facts;
  const signs = [
    ["server", plain(facts.header("server"))],
    ["via", plain(facts.header("via"))],
    ["page", titleOf(facts.page)],
    ["to", redirectedTo(facts.header("location"))],
  ].flatMap(([name, text]) => (text === undefined ? [] : [`${name ?? ""} '${text}'`]));
  const about = signs.length === 0 ? "" : ` (${signs.join(", ")})`;
  const between = proxy === undefined ? "" : `; ${proxyWords(proxy)} is in between`;
  return `HTTP ${status}, and this answer is not Azure's${about}${between}`;
}

function whatHelps({ status, host, proxy, header }: StrangerFacts): string {
  const past = proxy === undefined ? "" : `, or list ${host} in NO_PROXY where it can be reached directly`;
  if (status === 407) {
    const variable = proxy?.variable ?? "HTTPS_PROXY";
    return proxy?.hasLogin === true
      ? `The proxy refused the user or password in ${variable}; correct them${past}.`
      : `The proxy wants a login: write ${variable} as http://<user>:<password>@<host>:<port>${past}.`;
  }
  const to = redirectedTo(header("location"));
  if (status >= 300 && status < 400) {
    return (
      `Something between here and Azure sends requests for ${host}${to === undefined ? "" : ` to ${to}`}: ` +
      `a sign-in page or a web filter. Sign in there or have ${host} let through${past}.`
    );
  }
  if (status < 300) {
    return (
      `A sign-in page, a web filter or another service answers for ${host}: sign in there, have ` +
      `${host} let ` +
      `through, or correct the endpoint${past}.`
    );
  }
  if (status >= 500 || status === 404 || status === 408 || status === 429) {
    return `A proxy or gateway before ${host} answers in its place: look there, then run again${past}.`;
  }
  return (
    `A proxy or web filter refused this, not the storage account; no role or key helps. Have ${host} let ` +
    `through${past}.`
  );
}

/** Names of programs; what looks like an address is left out. */
function plain(text: string | undefined): string | undefined {
  if (text === undefined || text === "" || !/^[\w.()/: -]+$/.test(text) || text.includes("//")) {
    return undefined;
  }
  return text.slice(0, SHOWN_MAX);
}

function titleOf(page: string): string | undefined {
  const title = /<title[^>]*>([^<]{1,200})</i.exec(page)?.[1]?.trim();
  if (title === undefined || title === "" || /sig=|[?&]|\/\//i.test(title)) return undefined;
  return printableLine(title).slice(0, SHOWN_MAX);
}

/** The host alone: the rest repeats what was asked, with its signature. */
function redirectedTo(location: string | undefined): string | undefined {
  const url = location === undefined ? null : URL.parse(location);
  return url === null || url.host === "" ? undefined : url.host;
}
