/**
 * Reads a host that is there already, and changes nothing on it. Apart from the rest of the room, so that it is loaded alone.
 *
 * @packageDocumentation
 */

export { findHost, type HostChoice, type WatchedHost } from "./find-host.ts";
export { HostReader, type HostReaderOptions } from "./host-reader.ts";
