/** Variables that are read besides `HOLDFAST_<INPUT>`, for the reference. */
export const ENVIRONMENT: readonly (readonly [string, string])[] = [
  [
    "`HOLDFAST_<INPUT>`",
    "Any input that is not marked *never from the environment*, when it is not given as an option.",
  ],
  ["`HOLDFAST_<SECRET>_FILE`", "File to read a secret input from; `-` is standard input."],
  [
    "`HOLDFAST_PG_BIN`",
    "Folder of PostgreSQL's programs (`pg_dump`, `pg_restore`, and `initdb`, `postgres` for a scratch " +
      "server), looked at before the usual places.",
  ],
  [
    "`HOLDFAST_SILENCE_LIMIT`",
    "Longest silence that is borne while a database server, a program or a store owes an answer, " +
      "such as `5m`; two minutes unless set ([what ends which " +
      "wait](../troubleshooting.md#how-long-can-silence-last)).",
  ],
  [
    "`AZURE_STORAGE_CONNECTION_STRING`",
    "Credentials of an `azure://` store when `store-secret` is not given.",
  ],
  ["`AZURE_STORAGE_SAS_TOKEN`", "The same, as a SAS token; used when there is no connection string."],
  [
    "`AZURE_STORAGE_BLOB_ENDPOINT`",
    "Blob endpoint of an `azure://` store outside Azure's public cloud; a connection string brings its own.",
  ],
  [
    "`AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, …",
    "Who to be at Azure when there is neither. In a job with `permissions: id-token: " +
      "write` these two are enough and last as long as the job; otherwise Azure's own library looks " +
      "for a login (`azure/login`, managed identity, `az login`).",
  ],
  [
    "`AZURE_RESOURCE_MANAGER_ENDPOINT`",
    "Management address of App Service outside Azure's public cloud, such as that of `holdfast sandbox`.",
  ],
  ["`GITHUB_TOKEN`, `GH_TOKEN`", "Token for GitHub when `token` is not given; the first that is set."],
  [
    "`GITHUB_REPOSITORY`, `GITHUB_API_URL`",
    "The repository when `repository` is not given, and the API of a GitHub of one's own. GitHub sets both " +
      "in jobs.",
  ],
  ["`SUPABASE_ACCESS_TOKEN`", "Access token for Supabase when `access-token` is not given."],
  [
    "`HOLDFAST_SUPABASE_API`, `HOLDFAST_SUPABASE_FUNCTIONS`",
    "Addresses of another Management API, and of the functions, than Supabase's own: those of a sandbox.",
  ],
  ["`TMPDIR`", "Folder for scratch servers and for archives that are restored in parallel."],
  ["`NO_COLOR`", "Set to anything: no colours."],
  ["`RUNNER_DEBUG`", "In Actions: debug messages, set by GitHub when a run is repeated with debug logging."],
];
