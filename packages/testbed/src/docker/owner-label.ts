/** On everything that is created: whose it is, so that what a dead run has left can be told from what a living one uses. */
export const OWNER_LABEL = "churnlab.owner";
