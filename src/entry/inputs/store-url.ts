import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** How a store is written, for somebody who wrote it otherwise; a path is shown as the URL it has. */
export function storeUrlHint(text: string): string {
  // What may be a connection string or a URL with a password is not repeated.
  const isPath = !/^[a-z][a-z0-9+.-]*:/i.test(text) && !/[\s@?=;]/.test(text);
  return isPath
    ? `A folder is written ${pathToFileURL(resolve(text)).href}, and a container ` +
        "azure://<account>/<container>[/<prefix>]."
    : "Use azure://<account>/<container>[/<prefix>] or file:///<folder>.";
}
