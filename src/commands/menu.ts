import { backup } from "./backup.ts";
import type { Command } from "./define.ts";
import { keygen } from "./keygen.ts";
import { list } from "./list.ts";
import { restore } from "./restore.ts";
import { validate } from "./validate.ts";

/** Every command, in the order people meet them. A command that is not here does not exist. */
export const MENU: readonly Command[] = [backup, list, validate, restore, keygen];
