/** The hosts of a trial. A sysctl, a sample and a reset always belong to one of them. */
export const ROLES = ["client", "target", "upstream"] as const;

/** `client` dials the target; in the gateway topology the target dials the `upstream`. */
export type Role = (typeof ROLES)[number];
