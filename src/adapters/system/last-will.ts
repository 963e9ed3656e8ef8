import { spawn } from "node:child_process";

/**
 * What shall happen when we are gone, `kill -9` included. A tiny shell waits at the end of a pipe only our
 * process holds; when we die in any way the kernel closes it and the shell carries the will out. It sees none
 * of our data and none of our environment, and it is not in anybody's way: the processes and files it cares
 * for are reached by their number and name alone.
 */

/**
 * Words after the script: the process group. First politely, so that pg_restore can tell its workers and the
 * server; two seconds later by force.
 */
const END_GROUP = `
while read -r line; do :; done
kill -TERM "-$1" 2>/dev/null || exit 0
for again in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.2
  kill -0 "-$1" 2>/dev/null || exit 0
done
kill -KILL "-$1" 2>/dev/null
`;

/** Words after the script: the folder. Twice, because somebody may be making a file in it while it goes. */
const REMOVE_FOLDER = `
while read -r line; do :; done
rm -rf -- "$1"
sleep 3
rm -rf -- "$1"
`;

/** Ends the process group when we are gone. Disposing takes that back. */
export function endWithUs(processGroup: number): Disposable {
  return will(END_GROUP, String(processGroup));
}

/** Removes the folder when we are gone. Disposing takes that back. */
export function removeWithUs(folder: string): Disposable {
  return will(REMOVE_FOLDER, folder);
}

function will(script: string, word: string): Disposable {
  const shell = spawn("/bin/sh", ["-c", script, "holdfast-last-will", word], {
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
    // Its own session: what ends us (Ctrl-C, a closed terminal) must not end it first.
    detached: true,
  });
  // A machine that cannot start a shell any more is no reason to fail the work; the next run's sweep finds
  // what is left.
  shell.on("error", () => undefined);
  shell.stdin.on("error", () => undefined);
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void }).unref?.();
  return {
    [Symbol.dispose]() {
      shell.kill("SIGKILL");
      shell.stdin.destroy();
    },
  };
}
