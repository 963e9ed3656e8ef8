import { median, middle, type Contest, type Goal, type Results } from "./results.ts";
import type { Cost } from "./measure.ts";

/** Where the time of a goal goes that is not met; by the goal's beginning. */
const WHERE: readonly { readonly goal: string; readonly why: (results: Results) => string | undefined }[] = [
  {
    goal: "Backup without proof at most",
    why: ({ backup, machine }) => shared(one(backup, "holdfast"), machine.cpus),
  },
  {
    goal: "Backup with content proof at most",
    why: ({ backup, machine }) => {
      const [plain, proof] = [one(backup, "holdfast"), one(backup, "holdfast-proof")];
      if (plain === undefined || proof === undefined) return undefined;
      const more = middle(proof, (run) => run.cpuServer) - middle(plain, (run) => run.cpuServer);
      return (
        `every row is read and hashed by the server once more, ${more.toFixed(1)} s of its processor ` +
        `time; ${shared(proof, machine.cpus)!}`
      );
    },
  },
  {
    goal: "Backup with content proof faster than restic",
    why: () => "restic reads no row a second time: what it would prove with is not there.",
  },
  {
    goal: "Cold start of the list action",
    why: ({ coldStart: [node] }) =>
      node === undefined
        ? undefined
        : `Node itself takes ${median(node.runs).toFixed(0)} ms; then come its own modules for files, ` +
          "hashes and streams, the schema by which manifests are read, and some twenty files of the bundle.",
  },
  {
    goal: "Restore at least as fast as psql",
    why: ({ restore }) => loading(one(restore, "holdfast-1")),
  },
  {
    goal: "Whole validate",
    why: () =>
      "a server is made (0.6 s), the archive is written to the disk before two connections load it " +
      "(2.3 s), and every row is read once more (1.9 s); seconds on a machine where pg_restore took 10.5.",
  },
  {
    goal: "migrate-check of all 300",
    why: () =>
      "each pair is applied, taken back and applied again, empty and with rows of every type, and the " +
      "schema is read after each: the server does nearly all of it, in one session after the other. " +
      "Machines that met the goal took 78 and 84 s.",
  },
  {
    goal: "migrate of",
    why: () =>
      "after each file the whole schema is read once and its fingerprint written down, some 25 ms, and " +
      "some 10 ms are questions and answers of its transaction. Reading only what a file touched would " +
      "make the fingerprint a guess.",
  },
];

function one<Run extends Cost>(contests: readonly Contest<Run>[], id: string): Contest<Run> | undefined {
  return contests.find((each) => each.id === id);
}

/** What several programs on one machine need together is the least that it can take. */
function shared(contest: Contest<Cost> | undefined, cpus: number): string | undefined {
  if (contest === undefined) return undefined;
  const [own, server, store] = [
    middle(contest, (run) => run.cpu),
    middle(contest, (run) => run.cpuServer),
    middle(contest, (run) => run.cpuStore),
  ];
  return (
    `the command needs ${own.toFixed(1)} s of processor time, the server ` +
    `${server.toFixed(1)} s and the store ${store.toFixed(1)} s, together at least ` +
    `${((own + server + store) / cpus).toFixed(1)} s on ${cpus} processors; the rest is one waiting for ` +
    "another."
  );
}

function loading(contest: Contest<Cost> | undefined): string | undefined {
  if (contest === undefined) return undefined;
  return (
    `the server needs ${middle(contest, (run) => run.cpuServer).toFixed(1)} s of processor time in ` +
    `${middle(contest, (run) => run.wall).toFixed(1)} s, most of it for one session that copies rows and ` +
    "builds indexes; fetching, decrypting, decompressing and pg_restore share what is left."
  );
}

/** A line for each goal that is not met, with where its time goes. */
export function unmetLines(results: Results): readonly string[] {
  return results.goals
    .filter(({ met }) => !met)
    .map(({ text, measured }: Goal) => {
      const why = WHERE.find(({ goal }) => text.startsWith(goal))?.why(results);
      return `- **${text}** (${measured}): ${why ?? "nobody has looked yet where it goes."}`;
    });
}
