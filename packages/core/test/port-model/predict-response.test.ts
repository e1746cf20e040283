import { expect, test } from "vitest";
import { predictResponse } from "../../src/port-model/predict-response.ts";
import { predictPorts } from "../../src/port-model.ts";
import { parseSpec } from "../fixtures/scenario-texts.ts";

const predict = (metric: string, workload = "kind: short-lived"): unknown => {
  const spec = parseSpec(
    'phases: { measure: 4s }\nsysctls: { client: { net.ipv4.ip_local_port_range: "40000 40099", net.ipv4.tcp_tw_reuse: 0 } }',
    `${workload}, arrival: { rate: 50/s }`,
  );
  return predictResponse(spec, predictPorts(spec), metric);
};

test("a rate is what succeeds over the measure phase, as it is measured", () => {
  expect(predict("connections.succeeded")).toEqual({ low: 100, high: 100 });
  expect(predict("connections.failed")).toEqual({ low: 100, high: 100 });
  expect(predict("connections.rate")).toEqual({ low: 25, high: 25 });
  expect(predict("requests.rate")).toEqual(predict("connections.rate"));
  expect(predict("time_wait.peak")).toEqual({ low: 100, high: 100 });
});

test("nothing is predicted of requests that share connections, and of what the model does not know", () => {
  const kept = "kind: keep-alive, requestsPerConnection: 4";
  expect(predict("requests.rate", kept)).toBeNull();
  expect(predict("latency.connect.p50")).toBeNull();
});
