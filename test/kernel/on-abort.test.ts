import { expect, it, jest } from "@jest/globals";
import { onAbort } from "../../src/kernel/on-abort.ts";

it("is heard when the signal aborts, and when it had before", () => {
  const stop = new AbortController();
  const heard = jest.fn();
  onAbort(stop.signal, heard);
  expect(heard).not.toHaveBeenCalled();
  stop.abort();
  stop.abort();
  expect(heard).toHaveBeenCalledTimes(1);
  onAbort(stop.signal, heard);
  expect(heard).toHaveBeenCalledTimes(2);
});

it("is not heard any more once it was taken back", () => {
  const stop = new AbortController();
  const heard = jest.fn();
  {
    using _hearing = onAbort(stop.signal, heard);
  }
  stop.abort();
  expect(heard).not.toHaveBeenCalled();
});
