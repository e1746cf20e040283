/** The image of churnlab's own servers: the stage `target` of its Dockerfile. */
export const OWN_IMAGE: string = process.env["CHURNLAB_TARGET_IMAGE"] ?? "churnlab-target";

/** The image that measures beside a container which may not be entered from outside: the stage `agent`. */
export const AGENT_IMAGE: string = process.env["CHURNLAB_AGENT_IMAGE"] ?? "churnlab-agent";
