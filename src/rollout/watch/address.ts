import { HoldfastError } from "../../kernel/errors.ts";

/** An address that is asked. */
export interface Address {
  readonly href: string;
  /** The same for logs: without its query, which may hold a key. */
  readonly shown: string;
}

/**
 * @param input the name of the input, for the error
 * @throws input.malformed, which never repeats what was given: it may hold a password
 */
export function readAddress(text: string, input: string): Address {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new HoldfastError(
      "input.malformed",
      `${input} is no address that begins with https:// or http://`,
      {
        hint: "Give the whole address, such as https://shop.example/health.",
      },
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new HoldfastError("input.malformed", `${input} has a user name or a password in it`, {
      hint: "Logs show addresses: watch one that answers everybody, or give it a key in its query.",
    });
  }
  url.hash = "";
  return { href: url.href, shown: `${url.origin}${url.pathname}` };
}
