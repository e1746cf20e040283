// Where the controller keeps what it shares with its health check.
export const DATABASE = "/data/churnlab.db";
/** Holds the exit status of the run once it is over. */
export const FINISHED = "/data/finished";
export const LISTEN_PORT = "7700";
