import { availableParallelism } from "node:os";

/**
 * On so many processors pg_restore and what feeds it keep all of them busy: a worker that builds an index
 * besides costs more than it gives. Measured on two, of 160 MB: the server took 5 to 15 % less processor time
 * without any.
 */
const FEW_PROCESSORS = 2;

/**
 * Server settings of a scratch server: it lives for minutes and holds nothing that is not in the backup, so
 * nothing is spent on surviving a crash. https://www.postgresql.org/docs/current/non-durability.html
 */
export function serverSettings(socketFolder: string): Readonly<Record<string, string>> {
  return {
    listen_addresses: "",
    port: "5432",
    unix_socket_directories: socketFolder,
    unix_socket_permissions: "0700",
    fsync: "off",
    full_page_writes: "off",
    synchronous_commit: "off",
    wal_level: "minimal",
    max_wal_senders: "0",
    max_wal_size: "4GB",
    checkpoint_timeout: "1h",
    autovacuum: "off",
    shared_buffers: "256MB",
    maintenance_work_mem: "256MB",
    ...(availableParallelism() <= FEW_PROCESSORS ? { max_parallel_maintenance_workers: "0" } : {}),
    max_connections: "40",
    // A restore in one transaction, or a comparison, locks every table at once.
    max_locks_per_transaction: "512",
    // Containers give /dev/shm 64 MB; a parallel index build needs more.
    dynamic_shared_memory_type: "mmap",
    jit: "off",
    timezone: "UTC",
    lc_messages: "C",
    // Statements hold user data, and the log lies on disk as plain text.
    log_min_messages: "fatal",
    log_min_error_statement: "panic",
  };
}
