import * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";

const REFERENCE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/**
 * A secret as settings have it: the name of the variable of the environment that holds it. The value is in no
 * file, and is only read by who needs it.
 */
export class SecretReference {
  readonly variable: string;
  /** Where it is written, such as `.github/holdfast.yml:3:15 alerts.password`. */
  readonly place: string;

  constructor(variable: string, place = "the settings") {
    this.variable = variable;
    this.place = place;
  }

  /**
   * The value, which is masked in everything that is printed from then on.
   *
   * @throws input.missing where the variable is not set, or is empty
   */
  resolve(ports: Pick<Ports, "variable" | "mask">): Secret {
    const value = ports.variable(this.variable) ?? "";
    if (value === "") {
      throw new HoldfastError(
        "input.missing",
        `the variable ${this.variable} is not set, and ${this.place} refers to it`,
        {
          hint: "Set it in the environment of this run; in a workflow from a secret, under `env:`.",
        },
      );
    }
    ports.mask(value);
    return new Secret(value);
  }

  toString(): string {
    return `\${${this.variable}}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/**
 * The type of a setting that is secret: `${NAME}` and nothing else. A literal value is refused, and not
 * repeated in what is told of it.
 */
export const secretSetting = z
  .string()
  .regex(REFERENCE, "is secret, and settings are read by many: name a variable of the environment, ${NAME}")
  .transform((text) => new SecretReference(REFERENCE.exec(text)![1]!));

/** A value with the place of each secret in it; `placeOf` gives the text of a place. */
export function withPlaces(
  value: unknown,
  path: readonly PropertyKey[],
  placeOf: (path: readonly PropertyKey[]) => string,
): unknown {
  if (value instanceof SecretReference) return new SecretReference(value.variable, placeOf(path));
  if (Array.isArray(value)) return value.map((each, at) => withPlaces(each, [...path, at], placeOf));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withPlaces(each, [...path, key], placeOf)]),
  );
}
