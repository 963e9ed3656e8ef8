import { cpSync, mkdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";

const { ARTIFACTS, GITHUB_WORKSPACE, INPUT_NAME, INPUT_PATH } = process.env;

const kept = join(ARTIFACTS, INPUT_NAME);
const path = resolve(GITHUB_WORKSPACE, INPUT_PATH);
mkdirSync(kept, { recursive: true });
// Of a folder its files are kept, without the folder itself.
cpSync(path, statSync(path).isDirectory() ? kept : join(kept, basename(path)), { recursive: true });
