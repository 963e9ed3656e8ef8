import { EventEmitter } from "node:events";
import { describe, expect, it } from "@jest/globals";
import { crashLoudly, setExitCode, stopOnSignals, survivePipe } from "../../../src/entry/process/stopping.ts";
import { isHoldfastError } from "../../../src/kernel/errors.ts";

class FakeProcess {
  readonly execPath = "/usr/bin/node";
  readonly env = {};
  readonly listeners = new Map<string, (error?: unknown) => void>();
  readonly exits: number[] = [];
  on(signal: string, listener: (error?: unknown) => void): void {
    this.listeners.set(signal, listener);
  }
  emit(): void {
    throw new Error("nothing is emitted here");
  }
  exit(code: number): never {
    this.exits.push(code);
    throw new Error("exited");
  }
}

describe("signals", () => {
  it("ask the work to stop the first time and end the process the second time", () => {
    const host = new FakeProcess();
    const said: string[] = [];
    const signal = stopOnSignals(host, (text) => said.push(text), {
      hasTerminal: true,
      echoMs: 0,
    });
    expect(signal.aborted).toBe(false);
    host.listeners.get("SIGINT")?.();
    expect(isHoldfastError(signal.reason, "run.cancelled")).toBe(true);
    expect(host.exits).toEqual([]);
    expect(said).toHaveLength(1);
    expect(() => host.listeners.get("SIGTERM")?.()).toThrow("exited");
    expect(() => host.listeners.get("SIGINT")?.()).toThrow("exited");
    expect(host.exits).toEqual([143, 130]);
  });

  it("that come twice within a moment were sent once, and passed on by somebody in between", () => {
    const host = new FakeProcess();
    const signal = stopOnSignals(host, () => undefined, { hasTerminal: true });
    host.listeners.get("SIGTERM")?.();
    host.listeners.get("SIGTERM")?.();
    expect([signal.aborted, host.exits]).toEqual([true, []]);
    expect(() => host.listeners.get("SIGINT")?.()).toThrow("exited");
  });

  it("of a terminal that is gone end what has one, as the first signal and never as the second", () => {
    const host = new FakeProcess();
    const signal = stopOnSignals(host, () => undefined, { hasTerminal: true, echoMs: 0 });
    host.listeners.get("SIGHUP")?.();
    expect(signal.aborted).toBe(true);
    // Closed after Ctrl-C, or what systemd sends behind SIGTERM: nobody is impatient.
    host.listeners.get("SIGHUP")?.();
    expect(host.exits).toEqual([]);
    const held = new FakeProcess();
    const goesOn = stopOnSignals(held, () => undefined, { hasTerminal: false });
    held.listeners.get("SIGHUP")?.();
    expect([goesOn.aborted, held.exits]).toEqual([false, []]);
  });
});

it("a disk that fails below standard output is told, and a terminal that hung up is not", () => {
  const told: string[] = [];
  for (const [isTTY, code] of [
    [false, "EIO"],
    [true, "EIO"],
    [false, "EPIPE"],
    [false, "ENOSPC"],
  ] as const) {
    const stream = Object.assign(new EventEmitter(), { isTTY });
    survivePipe(stream as unknown as NodeJS.WriteStream, (error) => told.push(`${isTTY} ${error.message}`));
    stream.emit("error", Object.assign(new Error(code), { code }));
  }
  expect(told).toEqual(["false EIO", "false ENOSPC"]);
});

it("an exit code that tells of trouble is never replaced by 0", () => {
  const host: { exitCode?: number } = {};
  setExitCode(host, 0);
  expect(host.exitCode).toBe(0);
  setExitCode(host, 4);
  setExitCode(host, 0);
  expect(host.exitCode).toBe(4);
});

it("an error nobody caught is told and ends the process as a bug", () => {
  const host = new FakeProcess();
  const told: unknown[] = [];
  crashLoudly(host, (error) => told.push(error));
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    expect(() => host.listeners.get(event)?.(event)).toThrow("exited");
  }
  expect(told).toEqual(["uncaughtException", "unhandledRejection"]);
  expect(host.exits).toEqual([1, 1]);
});
