/**
 * Lets the server notice within two minutes that a machine is gone that said no goodbye, and end what that
 * holds: a snapshot, which keeps VACUUM from its work, or a lock. By itself it may take hours. Where the
 * connection is no TCP these are 0, and stay so.
 * https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-TCP-KEEPALIVES-IDLE
 */
export const NOTICE_LOST_CLIENT =
  "SET tcp_keepalives_idle = 60; SET tcp_keepalives_interval = 15; SET tcp_keepalives_count = 4";
