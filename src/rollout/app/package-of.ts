import { HoldfastError } from "../../kernel/errors.ts";
import type { SlotCall, SlotHost } from "../../ports/slot-host.ts";
import type { PackageShelf, PackageSource } from "./package-shelf.ts";
import type { RolloutRecord } from "./records.ts";

/** A package that was named, as it lies on this machine. */
export function givenPackage(name: string, path: string): PackageSource {
  return { name, open: () => Promise.resolve({ path, [Symbol.asyncDispose]: () => Promise.resolve() }) };
}

/**
 * Where the package of a release that is gone back to comes from: the one that was named, else the store's;
 * undefined where there is none, and the slot has to hold it.
 *
 * @throws input.conflict where the named one is another; package.unusable
 */
export async function packageOfRecord(
  record: RolloutRecord,
  path: string | undefined,
  { host, shelf }: { readonly host: Pick<SlotHost, "pack">; readonly shelf: PackageShelf },
  call: SlotCall,
): Promise<PackageSource | undefined> {
  if (path === undefined) return await shelf.source(record.digest);
  const pack = await host.pack(path, call);
  await pack[Symbol.asyncDispose]();
  if (pack.digest !== record.digest) throw otherPackage(path, record, pack.digest);
  return givenPackage(path, path);
}

function otherPackage(path: string, { version, digest }: RolloutRecord, found: string): HoldfastError {
  return new HoldfastError(
    "input.conflict",
    `${path} is not the package that was deployed as ${version}: its SHA-256 is ${found}, and not ${digest}`,
    {
      hint: "Give the package that the release was published with; or deploy this one under its own version.",
    },
  );
}
