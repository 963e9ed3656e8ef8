import { isUtf8 } from "node:buffer";
import { formatBytes, MiB } from "../../kernel/bytes.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import { byBytes } from "./file-digest.ts";
import { releaseUnit, RELEASE_UNIT_FORMATS, type ReleaseUnit } from "./record.ts";

/** A unit of ten thousand functions has 2 MB; what is larger is none. */
const UNIT_SIZE_MAX = 16 * MiB;

/**
 * The unit as a file: keys in the order of the format, lists of names in byte order, so that the same unit
 * gives the same bytes.
 */
export function writeReleaseUnit(unit: ReleaseUnit): Buffer {
  const { functions, configuration, assets, ...rest } = unit;
  const ordered: ReleaseUnit = {
    ...rest,
    functions: functions && { ...functions, functions: [...functions.functions].sort(byName) },
    configuration: configuration && { ...configuration, paths: [...configuration.paths].sort(byBytes) },
    assets: [...assets].sort(byName),
  };
  return Buffer.from(`${JSON.stringify(releaseUnit.parse(ordered), null, 2)}\n`);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return byBytes(a.name, b.name);
}

/**
 * Reads a unit, and checks it whole.
 *
 * @param what names it in errors: `release-unit.json of v1.3.0`
 * @throws unit.damaged, or unit.unknown-format where a newer Holdfast wrote it
 */
export function readReleaseUnit(bytes: Uint8Array, what: string): ReleaseUnit {
  const value = parsed(bytes, what);
  const format = value.format;
  if (typeof format === "string" && !(RELEASE_UNIT_FORMATS as readonly string[]).includes(format)) {
    const shown = printableLine(format.slice(0, 100));
    throw new HoldfastError(
      "unit.unknown-format",
      `${what} has the format '${shown}', and this version reads '${RELEASE_UNIT_FORMATS.join("', '")}'`,
      { hint: "Use the version of Holdfast that wrote it, or a newer one." },
    );
  }
  const checked = releaseUnit.safeParse(value);
  if (checked.success) return checked.data;
  const [first] = checked.error.issues;
  const where = first?.path.map(String).join(".") ?? "";
  throw damaged(
    `${what} breaks its format at '${printableLine(where)}': ${printableLine(first?.message ?? "")}`,
  );
}

function parsed(bytes: Uint8Array, what: string): { readonly format?: unknown } {
  if (bytes.length > UNIT_SIZE_MAX) {
    throw damaged(`${what} has ${formatBytes(bytes.length)}, which no release unit has`);
  }
  // Decoding would replace what is none, and take other bytes for those that were written.
  if (!isUtf8(bytes)) throw damaged(`${what} is not UTF-8`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    throw damaged(`${what} is not JSON`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw damaged(`${what} is no record`);
}

function damaged(message: string): HoldfastError {
  return new HoldfastError("unit.damaged", message, {
    hint:
      "It was cut off, or changed after it was written: take the file that the release was published with, " +
      "from the artifacts of that run.",
  });
}
