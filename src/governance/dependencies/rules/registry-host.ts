import { printableLine } from "../../../kernel/printable.ts";
import { editDistance } from "../../../kernel/suggest.ts";
import { labelOf } from "../difference.ts";
import type { LockedPackage } from "../lock.ts";
import { addressOf } from "../origin.ts";
import type { DeclaredRegistry, UnreadConfiguration } from "../registries.ts";
import { eachVersion, type Hit, type Rule } from "./rule.ts";

/** Ways that cannot be listened in on or changed. */
const SAFE = new Set(["https:", "git+https:", "git+ssh:", "ssh:"]);

/** See its texts. */
export const REGISTRY_HOST: Rule = {
  name: "registry-host",
  severity: "error",
  about: "state",
  problem:
    "The lock file, or a configuration of the package manager, takes a package from a " +
    "host that is not on the list, without TLS, or by an address " +
    "that only looks like the registry's. Nobody reads the addresses of a lock file in review, which is " +
    "why this is where packages are swapped.",
  solution:
    "Install from the registry again, or put the host in `dependencies.hosts`. Where the lock leaves " +
    "the address out, as pnpm does, the registry of `.npmrc`, `.yarnrc` or `.yarnrc.yml` is used, which is " +
    "judged too.",
  find: ({ locks, manifests, registries, settings }) => [
    ...registries.flatMap((each) => declared(each, settings.hosts)),
    ...eachVersion(locks).flatMap(({ locked, lock }) => {
      const asked = manifests.some(({ read }) => read === undefined || read.local.has(nameIn(locked)));
      const wrong = wrongWith(locked, settings.hosts) ?? (asked ? undefined : localInstead(locked));
      if (wrong === undefined) return [];
      return [
        {
          subject: locked.name,
          file: lock.file,
          line: locked.line,
          message: `'${printableLine(locked.name)}' ${shortly(locked)} ${wrong}`,
          fix: "Install it from the registry, or put the host in `dependencies.hosts` if it is meant.",
        },
      ];
    }),
  ],
};

/**
 * What a configuration of the checkout names is asked by every installation, also for what the lock leaves to
 * it. A variable is whatever the machine makes of it, so nobody can judge it here.
 */
function declared(each: DeclaredRegistry | UnreadConfiguration, hosts: readonly string[]): Hit[] {
  const { file, line } = each;
  const fix = "Name a registry of `dependencies.hosts` by https, or put its host there if it is meant.";
  if (!("key" in each)) {
    const message = `${file} cannot be read, and may name any registry`;
    return [{ subject: file, file, line, message, fix: "Correct it, or take it out." }];
  }
  const { key, address } = each;
  const shown = printableLine(`${key} ${address}`).slice(0, 200);
  if (/\$\{/.test(address)) {
    const message = `'${shown}' is said by the environment, so nobody can judge it here`;
    return [{ subject: file, severity: "warning", file, line, message, fix }];
  }
  const wrong = wrongAddress(address, hosts);
  return wrong === undefined ? [] : [{ subject: file, file, line, message: `'${shown}' ${wrong}`, fix }];
}

/** As it is asked for, which an alias is not published as. */
function nameIn({ key, name, resolved, origin }: LockedPackage): string {
  if (origin !== "local" || resolved === null) return name;
  const at = key.lastIndexOf("node_modules/");
  return at === -1 ? name : key.slice(at + "node_modules/".length);
}

/** An archive of the pull request in place of what the registry has; only npm's locks tell it so. */
function localInstead({ origin, resolved }: LockedPackage): string | undefined {
  return origin === "local" && resolved !== null && /^file:/i.test(resolved)
    ? `comes from '${printableLine(resolved).slice(0, 100)}', and no package.json asks for a file`
    : undefined;
}

const shortly = (locked: LockedPackage): string =>
  locked.origin === "git" ? "(git)" : printableLine(labelOf(locked) ?? "");

function wrongWith({ resolved, origin }: LockedPackage, hosts: readonly string[]): string | undefined {
  return resolved === null || origin === "local" ? undefined : wrongAddress(resolved, hosts);
}

function wrongAddress(resolved: string, hosts: readonly string[]): string | undefined {
  const address = addressOf(resolved);
  if (address === undefined) {
    return `has the address '${printableLine(resolved).slice(0, 100)}', which nobody can judge`;
  }
  const { host, scheme, user } = address;
  const shown = printableLine(host);
  if (user) {
    return `comes from '${shown}' by an address with a user before the host, which hides where it leads`;
  }
  if (!hosts.includes(host)) return `comes from '${shown}', which is not on the list${likeness(host, hosts)}`;
  return SAFE.has(scheme)
    ? undefined
    : `comes by ${printableLine(scheme)}//, which others can change on the way`;
}

/** Why a host may have been taken for another. */
function likeness(host: string, hosts: readonly string[]): string {
  const alike = hosts.find((each) => host.includes(each) || editDistance(host, each) <= 2);
  if (alike !== undefined) return ` and looks like '${alike}'`;
  return host.includes("xn--") ? " and has letters of another script" : "";
}
