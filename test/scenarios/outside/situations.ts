/**
 * Situations from public reports about stores, runners and lines that fall silent, each with the tests that
 * show what happens: the file below `test/`, and words of the test's title in it. Some are one kind with
 * others; that of a kind stands for all of it.
 */
export interface Situation {
  /** Where it was reported; nowhere where we thought of it ourselves. */
  readonly reports: readonly string[];
  readonly about: string;
  readonly shown: readonly (readonly [file: string, title: string])[];
}

const SILENCE = "scenarios/silence/silent-database.test.ts";
const SILENT_STORE = "scenarios/silence/silent-store.test.ts";
const GONE = "scenarios/silence/vanishing-packets.test.ts";
const SWEPT = "ends in time wherever its connections to the database fall silent, and leaves nothing";
const STORE_SWEPT = "ends in time wherever its connections to the store fall silent, and leaves nothing";
const LOCK = "nouns/store/lock.test.ts";
const SESSIONS = "adapters/silence.test.ts";
const STRANGERS = "adapters/azure-blob/strangers.test.ts";
const AZURE = "ports/azure-store.test.ts";
const CREDENTIALS = "adapters/azure-blob/azure-credentials.test.ts";
const ERRORS = "adapters/azure-blob/azure-errors.test.ts";
const URLS = "postgres/database-url.test.ts";
const UNREADABLE = "scenarios/unreadable/one-document.test.ts";

export const SITUATIONS: readonly Situation[] = [
  {
    reports: ["databasus/databasus#502", "coollabsio/coolify#3325"],
    about: "pg_dump's connection falls silent in the midst of its rows",
    shown: [
      [SESSIONS, "are ended: pg_dump in the midst of its rows"],
      [SILENCE, SWEPT],
    ],
  },
  {
    reports: ["paperclipai/paperclip#8517"],
    about: "one connection of a fingerprint falls silent",
    shown: [
      [SESSIONS, "is lost by %s, and says so on every way"],
      [SILENCE, SWEPT],
    ],
  },
  {
    reports: ["pgbouncer/pgbouncer#384"],
    about: "a pool has fewer sessions than a backup asks for, with and without a limit on waiting",
    shown: [["backups/backup/small-pool.test.ts", "makes it slower, and not fail or hang"]],
  },
  {
    reports: ["geldata/gel-cli#230", "tursodatabase/turso-cli#138"],
    about: "a server falls silent right after the login, and Ctrl-C is pressed",
    shown: [
      [SESSIONS, "waits for a server that hangs no longer than a moment"],
      ["e2e/front-door.test.ts", "says at the first Ctrl-C that it stops, and waits no longer for a silent"],
    ],
  },
  {
    reports: ["postgrespro/pg_probackup#649", "postgrespro/pg_probackup#197"],
    about: "packets vanish in the midst of a dump",
    shown: [[GONE, "ends in time wherever the network is gone"]],
  },
  {
    reports: ["dimitri/pgcopydb#120", "microsoft/mcp#2959"],
    about: "an index is built for long, and the line dies meanwhile or does not",
    shown: [
      [SESSIONS, "are ended: pg_restore, whose server has forgotten it; and not while that builds an index"],
      [GONE, "ends in time wherever the network is gone"],
    ],
  },
  {
    reports: [],
    about: "a URL asks for keep-alives of its own",
    shown: [["postgres/url-parameters.test.ts", "is kept for both clients: %s"]],
  },
  {
    reports: ["supabase/supavisor#970"],
    about: "a login is accepted and never answered",
    shown: [["adapters/postgres.test.ts", "by a server that accepts and stays silent is a loss of patience"]],
  },
  {
    reports: ["Azure/azure-sdk-for-js#20627", "Azure/azure-sdk-for-js#18628"],
    about: "blocks get no answer, for a while or for good",
    shown: [
      [SILENT_STORE, STORE_SWEPT],
      ["adapters/azure-blob/slow-line.test.ts", "ends where nothing moves for good, tells tries and time"],
      [LOCK, "is told with its own reason, for a %s too"],
    ],
  },
  {
    reports: ["percona/percona-backup-mongodb#1177", "cockroachdb/cockroach#110031"],
    about: "a download falls silent",
    shown: [
      [AZURE, "takes up a download that has gone silent"],
      [SILENT_STORE, STORE_SWEPT],
    ],
  },
  {
    reports: ["Azure/azure-storage-node#297"],
    about: "a slow and steady line",
    shown: [
      ["adapters/azure-blob/slow-line.test.ts", "sends one block at a time where several are too much"],
    ],
  },
  {
    reports: ["Azure/azure-sdk-for-js#18829"],
    about: "connections are reset, requests refused as busy, answers lost",
    shown: [
      [AZURE, "sends a block again when its answer is lost, refused as busy, or cut with its connection"],
      [AZURE, "knows its own commit when the answer was lost"],
    ],
  },
  {
    reports: ["Azure/azure-sdk-for-js#6640"],
    about: "a SAS ends in the midst of an upload",
    shown: [
      [ERRORS, "names the expiry of a SAS, from Azure's answer or else from the SAS itself"],
      ["backups/backup/store-days.test.ts", "fails with %s in mid-run, and keeps no artifact"],
    ],
  },
  {
    reports: ["restic/restic#3995", "pgbackrest/pgbackrest#2394"],
    about: "rights are missing: to write, to list, to remove",
    shown: [
      [CREDENTIALS, "says store.denied in every method, and when the SAS expired or that it may not write"],
      [LOCK, "has the lock of a run that ended marked, and the next one takes it at once"],
    ],
  },
  {
    reports: ["restic/restic#318", "borgbackup/borg#1035"],
    about: "a validation with a right to read alone",
    shown: [[UNREADABLE, "tells its verdict where no receipt may be written, and says that there is none"]],
  },
  {
    reports: ["kopia/kopia#3398", "gardener/etcd-backup-restore#781", "pgbackrest/pgbackrest#2795"],
    about: "nothing may be overwritten or removed",
    shown: [
      [LOCK, "keeps a guard by the next generation, for hours, and the next run has the lock at once"],
      [LOCK, "does not end what is right without a lock, which it says once"],
      ["nouns/store/source-lock.test.ts", "ends neither a backup nor the turn of an environment"],
    ],
  },
  {
    reports: ["vmware-tanzu/velero-plugin-for-microsoft-azure#56"],
    about: "a manifest or an artifact was archived by a rule of the store",
    shown: [
      [UNREADABLE, "does not cost tonight's backup"],
      [UNREADABLE, "is one line of a list"],
      [UNREADABLE, "goes on past an artifact that lies in an archive"],
      [AZURE, "commits with the access tier, and says store.archived when an archived blob is read"],
    ],
  },
  {
    reports: ["Azure/azure-sdk-for-net#38465", "Azure/azure-storage-azcopy#2337"],
    about: "the account has no such access tier",
    shown: [
      [ERRORS, "knows every way of saying that an account has no such access tier"],
      ["backups/backup/store-days.test.ts", "takes the account's own access tier where it has none of ours"],
    ],
  },
  {
    reports: ["Azure/azure-sdk-for-net#31390", "actions/toolkit#2377", "microsoft/vscode-azurestorage#1527"],
    about: "a proxy, a web filter or a portal answers in Azure's place, or the proxy is dead",
    shown: [
      [STRANGERS, "a captive portal"],
      [STRANGERS, "names the proxy in force and its page, and never follows where it points"],
      [ERRORS, "names a dead proxy by its address, without user and password, and how to go past it"],
    ],
  },
  {
    reports: ["Azure/azure-sdk-for-net#8665", "Azure/azure-sdk-for-js#8139"],
    about: "the cause of a login that failed is hidden",
    shown: [
      [
        "adapters/azure-blob/login.test.ts",
        "names host and code of what the library swallowed, and the proxy",
      ],
      ["e2e/azure-renewal.test.ts", "is refused as Entra ID refuses"],
    ],
  },
  {
    reports: ["Azure/login#180", "Azure/login#372", "Azure/azure-cli#28708"],
    about: "a login ends after an hour, and the backup does not",
    shown: [
      ["e2e/azure-renewal.test.ts", "outlives three lives of an access token while one dump is uploaded"],
      ["workflows/backups.test.ts", "tells the command who it is at Azure, and signs in nowhere before"],
    ],
  },
  {
    reports: ["Azure/login#482", "Azure/login#379", "Azure/login#617"],
    about: "the subject of a job in an environment is another one",
    shown: [["e2e/azure-renewal.test.ts", "a stale or foreign assertion, by Microsoft's own codes"]],
  },
  {
    reports: ["Azure/azure-storage-python#313", "lauchacarro/Azure-Storage-Action#6"],
    about: "connection strings, SAS and accounts as they get copied",
    shown: [
      [CREDENTIALS, "takes a SAS and a connection string as they get copied: quotes, breaks, `?`, `&amp;`"],
      ["adapters/azure-blob/azure-url.test.ts", "says that only the account's name is written"],
    ],
  },
  {
    reports: ["microsoft/AzureStorageExplorer#8949"],
    about: "network rules, a clock that is off, an account that is not there, a lease of somebody's",
    shown: [
      [ERRORS, "AuthorizationFailure"],
      [ERRORS, "LeaseAlreadyPresent"],
    ],
  },
  {
    reports: ["nodejs/node#47098"],
    about: "the store lies on a read-only mount",
    shown: [["ports/file-store.test.ts", "is store.read-only on a read-only mount"]],
  },
  {
    reports: [],
    about: "the store's disk is full",
    shown: [["backups/backup/store-days.test.ts", "says that the store is full, and leaves nothing"]],
  },
  {
    reports: ["restic/restic#1450", "restic/restic#3732"],
    about: "a run was killed, and its lock is there",
    shown: [
      ["backups/backup/store-days.test.ts", "after a killed run the lock is respected until it is stale"],
    ],
  },
  {
    reports: ["borgbackup/borg#9870", "borgbackup/borg#10077"],
    about: "clocks that are ahead",
    shown: [
      [LOCK, "is not taken over while the store says that it is young, whatever its owner's clock said"],
      ["backups/backup/clocks.test.ts", "has an id by the server's clock, says so"],
    ],
  },
  {
    reports: ["amacneil/dbmate#784", "brianc/node-postgres#3145", "brianc/node-postgres#57"],
    about: "a password with signs that mean something in a URL",
    shown: [
      [URLS, "never shows its password in an error, wherever special characters break it"],
      [URLS, "takes the password '%s' as it is"],
    ],
  },
  {
    reports: [],
    about: "a URL with parameters of another tool",
    shown: [[URLS, "takes all that follows the first ? for parameters, whatever the first one is called"]],
  },
  {
    reports: ["brianc/node-postgres#3746", "oven-sh/bun#41703"],
    about: "channel_binding=require and a server that has none",
    shown: [["adapters/login-guard.test.ts", "refuses a server without TLS, though TLS was only preferred"]],
  },
  {
    reports: ["nfrastack/db-backup#389", "pgadmin-org/pgadmin4#8963", "supabase/pg-toolbelt#88"],
    about: "files below ~/.postgresql on the machine",
    shown: [["adapters/pg-tools.test.ts", "takes no certificates from the home of whoever runs it"]],
  },
  {
    reports: ["jikig-ai/soleur#5558", "PostHog/posthog#88318", "PostHog/posthog#80237"],
    about: "a pooler refuses a login in its own words",
    shown: [
      ["adapters/postgres.test.ts", "of whatever server is no statement"],
      ["adapters/postgres.test.ts", "is told as what it is: a real PgBouncer's words"],
    ],
  },
  {
    reports: [],
    about: "databases that share a store wait for each other, and none is cancelled",
    shown: [
      ["workflows/backups.test.ts", "waits in a group that tells stores and sources apart"],
      ["workflows/backups.test.ts", "insists on the source, which alone tells databases of one store apart"],
    ],
  },
  {
    reports: ["hashicorp/vault-action#208"],
    about: "masks of secrets with several lines",
    shown: [["e2e/front-door.test.ts", "masks every secret before anything else and shows it nowhere"]],
  },
  {
    reports: ["actions/runner#2709"],
    about: "a secret is not passed to a called workflow",
    shown: [
      ["workflows/missing-secrets.test.ts", "ends before anything else where %s is empty, and names it"],
      ["entry/action/missing-secret.test.ts", "an action whose secret is empty says where secrets get lost"],
    ],
  },
  {
    reports: ["actions/runner#1498", "actions/runner#2109"],
    about: "an output that holds a masked value is dropped",
    shown: [["entry/output/report.test.ts", "in which a secret's word is covered are named, and no others"]],
  },
  {
    reports: ["actions/dependency-review-action#867"],
    about: "a summary of more than a mebibyte",
    shown: [
      ["entry/output/report.test.ts", "is never larger than the runner takes, and says how much is missing"],
    ],
  },
  {
    reports: [],
    about: "a cancelled run, with the runner's signals and the step after it",
    shown: [
      ["e2e/front-door.test.ts", "releases, in the post step, the lock that a killed main step left"],
      ["e2e/cancelled-turn.test.ts", "SIGTERM"],
    ],
  },
  {
    reports: [],
    about: "the store is a folder of a network mount whose server is gone",
    shown: [
      ["scenarios/silence/hanging-mount.test.ts", "ends %s in time, with a reason and a way on"],
      ["scenarios/silence/hanging-mount.test.ts", "ends a backup whose dump was on its way"],
      ["entry/process/ending.test.ts", "ends with its code though a call to a file system never does"],
    ],
  },
  {
    reports: [],
    about: "one file of a store that is a folder has a bad inode",
    shown: [["ports/file-store.test.ts", "lists a file with a bad inode, by its name"]],
  },
  {
    reports: [],
    about: "the answer to the write by which a backup exists is lost, and the next try is refused",
    shown: [["backups/backup/commit-manifest.test.ts", "and whose second try is refused"]],
  },
  {
    reports: [],
    about: "a machine is suspended while others take its lock, end, and others begin",
    shown: [
      ["nouns/store/lock-rivals.test.ts", "whose owner was suspended within a renewal"],
      ["nouns/store/lock-rivals.test.ts", "is not taken behind an abandoned one that is gone meanwhile"],
    ],
  },
  {
    reports: [],
    about: "a URL's options name whom a pooler's session is for, or what a session sets itself",
    shown: [
      ["adapters/silence-of-others.test.ts", "does not have a long statement of a session cut"],
      ["adapters/url-options.test.ts", "is obeyed, or beaten by a session's own setting"],
    ],
  },
  {
    reports: [],
    about: "output goes to a pipe whose reader takes its time",
    shown: [["entry/process/leaving.test.ts", "reaches a reader that takes longer than that, whole"]],
  },
];
