import { describe, expect, it } from "@jest/globals";
import {
  crashLoudly,
  ignoresHangUp,
  setExitCode,
  stopOnSignals,
} from "../../../src/entry/process/stopping.ts";
import { isHoldfastError } from "../../../src/kernel/errors.ts";

class FakeProcess {
  readonly execPath = "/usr/bin/node";
  readonly listeners = new Map<string, (error?: unknown) => void>();
  readonly exits: number[] = [];
  on(signal: string, listener: (error?: unknown) => void): void {
    this.listeners.set(signal, listener);
  }
  getActiveResourcesInfo(): readonly string[] {
    return ["Timeout"];
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
      outlivesTerminal: false,
      echoMs: 0,
    });
    expect(signal.aborted).toBe(false);
    host.listeners.get("SIGINT")?.();
    expect(isHoldfastError(signal.reason, "run.cancelled")).toBe(true);
    expect(host.exits).toEqual([]);
    expect(said).toHaveLength(1);
    expect(() => host.listeners.get("SIGTERM")?.()).toThrow("exited");
    expect(() => host.listeners.get("SIGINT")?.()).toThrow("exited");
    expect(() => host.listeners.get("SIGHUP")?.()).toThrow("exited");
    expect(host.exits).toEqual([143, 130, 129]);
  });

  it("that come twice within a moment were sent once, and passed on by somebody in between", () => {
    const host = new FakeProcess();
    const signal = stopOnSignals(host, () => undefined, { outlivesTerminal: false });
    host.listeners.get("SIGTERM")?.();
    host.listeners.get("SIGTERM")?.();
    expect([signal.aborted, host.exits]).toEqual([true, []]);
    expect(() => host.listeners.get("SIGINT")?.()).toThrow("exited");
  });

  it("of a terminal that is gone are left alone where nohup has it so, or nobody knows", () => {
    const host = new FakeProcess();
    stopOnSignals(host, () => undefined, { outlivesTerminal: true });
    expect([...host.listeners.keys()]).toEqual(["SIGINT", "SIGTERM"]);
    expect(ignoresHangUp(() => "SigBlk:\t0000000000000000\nSigIgn:\t0000000001001000\n")).toBe(false);
    expect(ignoresHangUp(() => "SigIgn:\t0000000001001001\n")).toBe(true);
    expect(ignoresHangUp(() => "")).toBe(true);
    expect(
      ignoresHangUp(() => {
        throw new Error("ENOENT");
      }),
    ).toBe(true);
  });
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
