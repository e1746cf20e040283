// Measures a target's container from inside, where its network namespace may not be entered from outside: in a container of
// its own in that namespace, whose standard input and output are the harness's. docs/containers.md
import { allowSysctls } from "./allow-sysctls.mjs";

allowSysctls();
await import("../packages/testbed/dist/docker/inside/inside-main.js");
