import { createRequire } from "node:module";
import path from "node:path";

// include/uapi/linux/mount.h
const MS_REMOUNT = 32;
const MS_BIND = 4096;

/**
 * Engines mount /proc/sys read-only. What a trial writes there is its own namespaces' only, so this container's mount of it
 * is made writable; with CAP_SYS_ADMIN that needs no `privileged: true`. Where it is refused the run says what it lacks.
 */
export function allowSysctls() {
  const manifest = path.resolve(import.meta.dirname, "../packages/linux/package.json");
  const koffi = createRequire(manifest)("koffi");
  const mount = koffi
    .load(null)
    .func("int mount(str source, str target, str type, ulong flags, void *data)");
  mount("none", "/proc/sys", null, MS_REMOUNT | MS_BIND, null);
}
