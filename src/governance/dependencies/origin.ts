/** Where an address leads. */
export interface Address {
  readonly scheme: string;
  /** With the port where it is no usual one. */
  readonly host: string;
  /** A user or password before the host: `https://registry.npmjs.org@elsewhere.example/`. */
  readonly user: boolean;
  /** Decoded. */
  readonly path: string;
  /** Behind `#`. */
  readonly fragment: string;
}

/** Longer than any address, and short enough for any pattern. */
const LENGTH_MAX = 4_000;

/** Takes an address apart as git and package managers write it; undefined where it is none. */
export function addressOf(written: string): Address | undefined {
  if (written.length > LENGTH_MAX) return undefined;
  const short = /^(?:git\+)?(?:ssh:\/\/)?(?:[\w.-]+@)([\w.-]+):(?!\d)([^#]*)(?:#(.*))?$/.exec(written);
  if (short !== null) {
    const [, host = "", path = "", fragment = ""] = short;
    return { scheme: "git+ssh:", host: host.toLowerCase(), user: false, path, fragment };
  }
  if (!URL.canParse(written)) return undefined;
  const url = new URL(written);
  if (url.host === "") return undefined;
  const usual = /^(?:git\+)?ssh:$/.test(url.protocol) && url.username === "git" && url.password === "";
  return {
    scheme: url.protocol,
    host: url.host.toLowerCase(),
    user: (url.username !== "" || url.password !== "") && !usual,
    path: decoded(url.pathname),
    fragment: url.hash.slice(1),
  };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Where a package with this resolved address comes from. */
export function originOf(resolved: string | null): "registry" | "git" | "local" {
  if (resolved === null) return "registry";
  if (/^(?:file|link|portal|workspace):/i.test(resolved)) return "local";
  if (/^(?:git|ssh)(?:\+[a-z]+)?:|^[\w.-]+@[\w.-]+:/i.test(resolved)) return "git";
  const address = addressOf(resolved);
  if (address === undefined) return /^\.{0,2}\//.test(resolved) ? "local" : "registry";
  const archived = /^(?:codeload\.github\.com|gitlab\.com|bitbucket\.org)$/.test(address.host);
  return archived || /\.git$/.test(address.path) ? "git" : "registry";
}

/** Whether a git address names one commit, so that it cannot mean another tomorrow. */
export function pinsCommit(resolved: string): boolean {
  return /[#/=:-][0-9a-f]{40}(?:[0-9a-f]{24})?(?:$|[^0-9a-z])/.test(resolved);
}
