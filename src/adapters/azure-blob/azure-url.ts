import { HoldfastError } from "../../kernel/errors.ts";
import { blobPathFault } from "../../ports/blob-path.ts";
import { before, withoutTrailing } from "../../kernel/cut.ts";

/** The parts of `azure://<account>/<container>[/<prefix>]`. */
export interface AzureUrl {
  readonly account: string;
  readonly container: string;
  /** Empty, or ending in `/`. */
  readonly prefix: string;
}

/**
 * Reads a store URL. Names follow Azure's rules:
 * https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
 *
 * @throws input.malformed; the text behind a `?` is never repeated, because it is most likely a SAS
 */
export function parseAzureUrl(url: string): AzureUrl {
  const address = before(url, "?", "#");
  const shown = address === url ? url : `${address}?…`;
  const malformed = (why: string): HoldfastError =>
    new HoldfastError("input.malformed", `the store '${shown}' ${why}`, {
      hint:
        "Write azure://<account>/<container> and, if you like, /<prefix>; " +
        "keys and SAS tokens are given apart from the URL.",
    });
  if (/[?#]/.test(url)) throw malformed("holds a query, which may be a secret");
  const [, account = "", container = "", rest = ""] =
    /^azure:\/\/([^/]*)\/([^/]*)(?:\/(.*))?$/s.exec(url) ?? [];
  if (account === "" || container === "") throw malformed("does not name an account and a container");
  const host = /^([a-z0-9]{3,24})\.(?:blob|dfs)\./i.exec(account)?.[1];
  if (host !== undefined) {
    const whole = [host.toLowerCase(), container, rest].filter((part) => part !== "").join("/");
    throw new HoldfastError(
      "input.malformed",
      `the store '${shown}' names a host where the account belongs`,
      {
        hint: `Write only the account's name: azure://${whole}`,
      },
    );
  }
  if (!/^[a-z0-9]{3,24}$/.test(account)) {
    throw malformed("names an account that is not 3 to 24 lower-case letters and digits");
  }
  if (!/^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/.test(container)) {
    throw malformed("names a container that is not 3 to 63 lower-case letters, digits and single hyphens");
  }
  const prefix = withoutTrailing(rest, "/");
  const fault = prefix === "" ? undefined : blobPathFault(prefix);
  if (fault !== undefined) throw malformed(`has a prefix that cannot be used: ${fault}`);
  return { account, container, prefix: prefix === "" ? "" : `${prefix}/` };
}
