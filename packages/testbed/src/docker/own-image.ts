/** The image of churnlab's own servers: the stage `target` of its Dockerfile. */
export const OWN_IMAGE: string = process.env["CHURNLAB_TARGET_IMAGE"] ?? "churnlab-target";
