import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkMessage } from "../../src/message-codec.ts";
import {
  agentDescriptionSchema,
  controllerHeartbeatSchema,
  heartbeatSchema,
} from "../../src/messages/agent-description.ts";
import {
  PROTOCOL,
  replySchema,
  requestSchema,
  spokenVersionSchema,
} from "../../src/messages/envelope.ts";
import { NO_FENCE } from "../../src/messages/fence.ts";
import { liveMessageSchema } from "../../src/messages/live-message.ts";
import { resultPieceSchema } from "../../src/messages/result-piece.ts";
import * as trial from "../../src/messages/trial-messages.ts";

const EXACT = {
  requestSchema,
  replySchema,
  agentDescriptionSchema,
  liveMessageSchema,
  resultPieceSchema,
  prepareRequestSchema: trial.prepareRequestSchema,
  prepareReplySchema: trial.prepareReplySchema,
  armRequestSchema: trial.armRequestSchema,
  startRequestSchema: trial.startRequestSchema,
  keyedRequestSchema: trial.keyedRequestSchema,
  readRequestSchema: trial.readRequestSchema,
  readReplySchema: trial.readReplySchema,
};

/** Where, of a schema, an object takes fields that it does not name; how many objects it has at all. */
function findOpenObjects(schema: z.ZodType): { open: string[]; objects: number } {
  const open: string[] = [];
  let objects = 0;
  const walk = (value: unknown, path: string): void => {
    if (value instanceof z.ZodType) {
      const { def } = value;
      if (value instanceof z.ZodObject) {
        objects += 1;
        if (!(value.def.catchall instanceof z.ZodNever)) open.push(path);
        walk(value.def.shape, path);
      } else walk(def, path);
    } else if (typeof value === "object" && value !== null) {
      for (const [name, part] of Object.entries(value)) walk(part, `${path}.${name}`);
    }
  };
  walk(schema, "");
  return { open, objects };
}

describe("a message of a fleet", () => {
  it.each(Object.entries(EXACT))(
    "(%s) has no field that is not known, at any depth",
    (_, schema) => {
      const { open, objects } = findOpenObjects(schema);
      expect(open).toEqual([]);
      expect(objects).toBeGreaterThan(0);
    },
  );

  it("that says more is refused, with what it says", () => {
    const request = { protocol: PROTOCOL, churnlab: "0", run: "R", holder: "H", fence: NO_FENCE };
    expect(() => checkMessage({ ...request, body: null, dryRun: true }, requestSchema)).toThrow(
      'A message is not understood: Unrecognized key: "dryRun"',
    );
    const fence = { ...NO_FENCE, epoch: 1 };
    expect(() => checkMessage({ ...request, fence, body: null }, requestSchema)).toThrow(
      'A message is not understood: fence: Unrecognized key: "epoch"',
    );
  });

  it("of another version tells its version all the same, and that somebody lives", () => {
    const more = { dryRun: true };
    const version = { protocol: 99, churnlab: "9.9.9" };
    expect(checkMessage({ ...version, ...more }, spokenVersionSchema)).toEqual(version);
    const beat = { run: "R", seq: 1 };
    const ofAgent = { ...beat, agent: "a", instance: "I", state: "idle", nowMs: 0 };
    expect(checkMessage({ ...ofAgent, ...more }, heartbeatSchema)).toEqual({
      ...ofAgent,
      key: null, // not all say of which attempt they have a side
    });
    const ofController = { ...beat, holder: "H" };
    expect(checkMessage({ ...ofController, ...more }, controllerHeartbeatSchema)).toEqual(
      ofController,
    );
  });
});
