import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChurnError } from "../src/errors.ts";
import { parseScenario } from "../src/parse-scenario.ts";
import { formatProblems, ScenarioError } from "../src/scenario-file/problem.ts";
import {
  codesOf,
  FULL_SCENARIO,
  failToParse,
  parse,
  parseSpec,
  problemsOf,
  scenarioText,
  shortProblems,
} from "./fixtures/scenario-texts.ts";

describe("a valid scenario", () => {
  test("is read with units resolved and sysctls as text", () => {
    const scenario = parse(FULL_SCENARIO);
    expect(scenario).toMatchObject({ name: "tw-reuse", replicates: 3, seed: 1, version: 1 });
    expect(scenario.source).toBe(FULL_SCENARIO);
    const [baseline, reuse] = scenario.variants;
    expect([baseline?.baseline, reuse?.baseline]).toEqual([true, false]);
    expect(reuse?.spec.phases).toEqual({ warmUpMs: 0, measureMs: 8000, drainMs: 0 });
    expect(reuse?.spec.workload.arrival).toEqual({
      model: "open",
      shape: "constant",
      ratePerS: 400,
      toPerS: null,
      steps: null,
      limit: null,
    });
    expect(reuse?.spec.sysctls).toEqual({
      client: { "net.ipv4.ip_local_port_range": "30000 32047", "net.ipv4.tcp_tw_reuse": "1" },
    });
    expect(scenario.gates.map(({ bound }) => bound)).toEqual([
      { kind: "max", value: 0 },
      { kind: "against", baseline: "baseline", worseBy: 0.1 },
    ]);
  });

  test("that says only what it must is the same as one that says every default", () => {
    const least = FULL_SCENARIO.split("\n")
      .filter((line) => !/^(testbed|topology|target|phases|matrix|replicates|seed)/.test(line))
      .filter(
        (line) => !/^ {2}(closer|close|bind|requests|protocol|sources|engine|time)/.test(line),
      )
      .join("\n")
      .replace("{ model: open, rate: 400/s, shape: constant }", "{ rate: 400/s }");
    expect(parse(least).variants).toEqual(parse(FULL_SCENARIO).variants);
  });

  test("without variants has one, the baseline", () => {
    const { variants } = parse(scenarioText());
    expect(variants.map(({ name, baseline }) => [name, baseline])).toEqual([["baseline", true]]);
  });

  test.each([
    ["short-lived", 1],
    ["keep-alive", "unlimited"],
    ["hold", 0],
  ])("gives %s connections %s requests unless it says otherwise", (kind, expected) => {
    const { workload } = parseSpec("", `kind: ${kind}, arrival: { rate: 10/s }`);
    expect(workload.requestsPerConnection).toBe(expected);
  });

  test("reads every field of a workload", () => {
    const { workload } = parseSpec(
      "",
      "kind: keep-alive, closer: server, close: half, bind: address-no-port, requestsPerConnection: 4..16, " +
        "lifetime: 1m30s, thinkTime: 5ms, protocol: raw, requestBytes: 10, responseBytes: 2000, sources: 3, " +
        "workers: 6, engine: epoll, timeouts: { connect: 500ms, response: 1.5s }, " +
        "arrival: { rate: 10/s, shape: step, to: 600/m, steps: 4, limit: 99 }",
    );
    expect(workload).toEqual({
      kind: "keep-alive",
      closer: "server",
      close: "half",
      bind: "address-no-port",
      requestsPerConnection: { from: 4, to: 16 },
      lifetimeMs: 90_000,
      thinkMs: 5,
      protocol: "raw",
      requestBytes: 10,
      responseBytes: 2000,
      sources: 3,
      workers: 6,
      engine: "epoll",
      timeouts: { connectMs: 500, responseMs: 1500 },
      arrival: { model: "open", shape: "step", ratePerS: 10, toPerS: 10, steps: 4, limit: 99 },
    });
  });

  test.each([
    [
      "target: { server: fastify, port: 81, delay: 3ms }",
      { server: "fastify", port: 81, delayMs: 3 },
    ],
    ["target: { command: [nginx, -g, x] }", { command: ["nginx", "-g", "x"], port: 8080 }],
    [
      "testbed: docker\ntarget: { image: 'nginx:1' }",
      { image: "nginx:1", port: 8080, command: null },
    ],
    ["testbed: external\ntarget: { url: 'http://192.0.2.1/x' }", { url: "http://192.0.2.1/x" }],
  ])("reads the target of %s", (more, expected) => {
    expect(parseSpec(more).target).toMatchObject(expected);
  });

  test("may use anchors, and keys without a value count as absent", () => {
    const text = `version: 1
name: anchors
workload: &load { kind: short-lived, arrival: { rate: 10/s } }
matrix:
variants:
  - { name: a, workload: *load }
  - { name: b, workload: *load, phases: { measure: 1s } }
`;
    expect(parse(text).variants.map(({ spec }) => spec.phases.measureMs)).toEqual([8000, 1000]);
  });
});

describe("a variant", () => {
  test("overrides single fields of a section and keeps the others", () => {
    const text = scenarioText(
      "variants: [{ name: a }, { name: b, workload: { closer: server }, phases: { drain: 1s } }]",
      "kind: short-lived, close: half, arrival: { rate: 10/s }",
    );
    const [, b] = parse(text).variants;
    expect(b?.spec.workload).toMatchObject({ closer: "server", close: "half" });
    expect(b?.spec.phases).toEqual({ warmUpMs: 0, measureMs: 8000, drainMs: 1000 });
  });

  test("with another model of arrival keeps nothing of the old one", () => {
    const text = scenarioText(
      "variants: [{ name: a }, { name: b, workload: { arrival: { connections: 5 } } }]",
      "kind: short-lived, arrival: { model: open, rate: 10/s, shape: poisson, limit: 7 }",
    );
    const expected = { model: "closed", connections: 5, limit: null };
    expect(parse(text).variants[1]?.spec.workload.arrival).toEqual(expected);
  });

  test("with another kind of target keeps nothing of the old one", () => {
    const text = scenarioText(
      "target: { server: builtin, backlog: 5 }\nvariants: [{ name: a }, { name: b, target: { command: [x] } }]",
    );
    expect(parse(text).variants[1]?.spec.target).toEqual({ command: ["x"], port: 8080, env: {} });
  });

  test("that says so is the baseline", () => {
    const { variants } = parse(
      scenarioText("variants: [{ name: a }, { name: b, baseline: true }]"),
    );
    expect(variants.map(({ baseline }) => baseline)).toEqual([false, true]);
  });

  test("is checked as merged, and the problem points at the part that is to blame", () => {
    const text = scenarioText(
      "variants:\n  - name: a\n  - name: b\n    sysctls: { upstream: { net.ipv4.tcp_tw_reuse: 1 } }\n",
    );
    expect(shortProblems(text)).toEqual(["7:28 there is an upstream only with topology: gateway"]);
  });

  test("does not repeat a problem of the part that all variants share", () => {
    const text = scenarioText(
      "phases: { measure: 8 }\nvariants: [{ name: a }, { name: b }, { name: c }]",
    );
    expect(problemsOf(text)).toHaveLength(1);
  });
});

describe("a bad scenario", () => {
  test("reports all of its problems at once, in order, each with its place", () => {
    const text = `version: 1
name: bad
workload:
  kind: short-livd
  conections: 3
  arrival: { model: open, rate: 400 }
phases: { measure: 8, drain: 5 sec }
sysctls:
  client:
    net.ipv4.tcp_tw_reus: 1
    net.ipv4.ip_local_port_range: "61000 60999"
replicates: 0
gates: [{ metric: client.failures.EADRNOTAVAIL, variant: nobody, max: 0 }]
`;
    expect(shortProblems(text)).toEqual([
      '4:9 workload.kind must be short-lived, keep-alive or hold, not "short-livd" [short-lived]',
      "5:3 unknown key conections in workload [workload.arrival.connections]",
      "6:33 workload.arrival.rate must be a rate with its unit (/s, /m, /h), as in 400/s, not 400 [400/s]",
      "7:20 phases.measure must be a duration with its unit (us, ms, s, m, h), as in 8s, not 8 [8s]",
      '7:30 phases.drain must be a duration with its unit (us, ms, s, m, h), as in 8s, not "5 sec" [5s]',
      "10:5 unknown sysctl net.ipv4.tcp_tw_reus [net.ipv4.tcp_tw_reuse]",
      '11:35 ip_local_port_range "61000 60999": low end is above high end ["60999 61000"]',
      "12:13 replicates must be a number of at least 1, or auto, not 0",
      "13:19 unknown metric client.failures.EADRNOTAVAIL [client.failures.EADDRNOTAVAIL]",
      "13:58 no variant is named nobody",
    ]);
  });

  test("is shown with its source line, carets and the near miss", () => {
    const text = scenarioText("sysctls:\n  client:\n    net.ipv4.tcp_tw_reus: 1\n  clint: {}\n");
    const error = failToParse(text) as ScenarioError;
    expect(formatProblems(error)).toBe(
      [
        "my.yaml: 2 problems  (E_SCENARIO, exit 2)",
        "",
        "my.yaml:6:5  unknown sysctl net.ipv4.tcp_tw_reus — did you mean net.ipv4.tcp_tw_reuse?",
        " 6 |     net.ipv4.tcp_tw_reus: 1",
        "   |     ^^^^^^^^^^^^^^^^^^^^",
        "",
        "my.yaml:7:3  unknown key clint in sysctls — did you mean client?",
        " 7 |   clint: {}",
        "   |   ^^^^^",
      ].join("\n"),
    );
  });

  test("has the code of its problems when they are all alike", () => {
    const sysctl = (name: string) => scenarioText(`sysctls: { client: { ${name} } }`);
    expect(failToParse(sysctl("net.ipv4.tcp_tw_recycle: 1"))).toMatchObject({
      code: "E_SYSCTL_GONE",
    });
    expect(failToParse(sysctl("vm.swappiness: 1"))).toMatchObject({
      code: "E_SYSCTL_NOT_NAMESPACED",
    });
    expect(failToParse(sysctl("vm.swappiness: 1, net.ipv4.tcp_tw_recycle: 1"))).toMatchObject({
      code: "E_SCENARIO",
    });
  });

  const w = "kind: short-lived, arrival:";
  test.each([
    ["", "kind: short-lived", /3:1 workload needs an arrival/],
    ["", "arrival: { rate: 1/s }", /3:1 workload needs a kind/],
    ["", `${w} { model: open }`, /an open arrival needs a rate/],
    ["", `${w} { model: closed }`, /a closed arrival needs connections/],
    ["", `${w} { shape: constant }`, /say which with model/],
    ["", `${w} { rate: 1/s, connections: 2 }`, /say which with model/],
    [
      "",
      `${w} { model: closed, connections: 2, rate: 1/s }`,
      /rate does not belong to a closed arrival/,
    ],
    [
      "",
      `${w} { model: open, rate: 1/s, connections: 2 }`,
      /connections does not belong to an open/,
    ],
    ["", `${w} { rate: 1/s, shape: ramp }`, /ramp needs the rate at its end/],
    ["", `${w} { rate: 1/s, to: 2/s }`, /to is for ramp and step/],
    ["", `${w} { rate: 1/s, shape: step, to: 2/s }`, /step needs steps/],
    ["", `${w} { rate: 1/s, shape: ramp, to: 2/s, steps: 2 }`, /steps is for step/],
    ["", `${w} { rate: 0/s }`, /rate must be more than 0\/s/],
    [
      "",
      `${w} { rate: 1/s }, requestsPerConnection: 9..4`,
      /low end above its high end \[4\.\.9\]/,
    ],
    ["", `${w} { rate: 1/s }, requestsPerConnection: 4-9`, /a range such as 4\.\.16.*\[4\.\.9\]/],
    ["", `${w} { rate: 1/s }, requestsPerConnection: 0`, /needs at least 1 request/],
    ["", `${w} { rate: 1/s }, requestsPerConnection: unlimited`, /ends after its requests/],
    ["", `${w} { rate: 1/s }, sources: 4, workers: 2`, /2 workers cannot live in 4 sources/],
    ["", `${w} { rate: 1/s }, protocol: raw, engine: undici`, /undici engine speaks http only/],
    [
      "target: { server: fastify }",
      `${w} { rate: 1/s }, protocol: raw`,
      /fastify server speaks http/,
    ],
    ["target: { server: fastify, misbehaviour: never-close }", undefined, /has no misbehaviour/],
    ["target: { command: [x], backlog: 3 }", undefined, /backlog is for the server of churnlab/],
    ["target: { image: x }", undefined, /an image is for testbed: docker/],
    ["target: { url: 'http://h/' }", undefined, /a url is for testbed: external/],
    ["target: { url: h }\ntestbed: external", undefined, /must be an address such as/],
    ["testbed: external\ntarget: { url: 'http://h//192.0.2.1/' }", undefined, /does not begin/],
    ["testbed: external\ntarget: { url: 'http:\\\\h/\\x' }", undefined, /does not begin/],
    ["testbed: external", undefined, /needs target: \{ url/],
    ["testbed: docker\ntarget: { command: [x] }", undefined, /a command needs its image/],
    ["testbed: docker\ntarget: { image: x, server: builtin }", undefined, /one of server, command/],
    [
      "testbed: external\ntarget: { url: 'http://h/' }\ntopology: gateway",
      undefined,
      /no upstream of ours/,
    ],
    [
      "testbed: external\ntarget: { url: 'http://h/' }\nsysctls: { client: { net.ipv4.tcp_tw_reuse: 1 } }",
      undefined,
      /external sets no sysctls/,
    ],
    ["topology: gateway\ntarget: { server: fastify }", undefined, /dials no upstream/],
    [
      "fleet: { agents: 1 }\ntestbed: external\ntarget: { url: 'http://h/' }",
      undefined,
      /external is not for a fleet/,
    ],
    ["fleet: { agents: 1 }\ntarget: { image: x }", undefined, /an image is for testbed: docker/],
    ["phases: { measure: 0s }", undefined, /measure must be more than 0s/],
    ["phases: { measure: 49h }", undefined, /measure must be at most 48h/],
    ["sysctls: { server: {} }", undefined, /unknown key server in sysctls \[target\]/],
    ["sysctls: { client: { net.ipv4.tcp_tw_reuse: } }", undefined, /tcp_tw_reuse has no value/],
    ["sysctls: { client: { net.ipv4.tcp_tw_reuse: 3 } }", undefined, /takes 0 to 2, not 3/],
    ["sysctls: { client: { net.core.rmem_max: 3 } }", undefined, /can only be read in a namespace/],
    [
      'sysctls: { client: { net.ipv4.ip_local_port_range: "1000 2000" } }',
      undefined,
      /may not begin at 1000, below ip_unprivileged_port_start = 1024/,
    ],
    [
      "sysctls: { client: { net.ipv4.ip_unprivileged_port_start: 40000 } }",
      undefined,
      /may not begin at 32768, below ip_unprivileged_port_start = 40000/,
    ],
    ["variants: [{ name: a }, { name: a }]", undefined, /a second variant is named a/],
    [
      "variants: [{ name: a, baseline: true }, { name: b, baseline: true }]",
      undefined,
      /b is a second baseline; a is one already/,
    ],
    ["variants: [{}]", undefined, /^4:12 name is missing/],
    ["variants: []", undefined, /must be a list of at least 1/],
    ["variants: [{ name: 3 }]", undefined, /must be text on one line.*not 3/],
    ["matrix: { workload.closr: [client] }", undefined, /no field of a trial \[workload\.closer\]/],
    [
      "matrix: { workload.closer: [] }",
      undefined,
      /must be a list of at least 1, not an empty list/,
    ],
    [
      "matrix: { workload.closer: [client, nobody] }",
      undefined,
      /must be client or server, not "nobody"/,
    ],
    [
      "gates: [{ metric: connections.rate, max: 1 }]",
      undefined,
      /starts with its role.*\[client\.conn/,
    ],
    [
      "gates: [{ metric: target.connections.rate, max: 1 }]",
      undefined,
      /not measured on the target/,
    ],
    ["gates: [{ metric: client.connections.rate }]", undefined, /a gate needs max, min, equals/],
    [
      "gates: [{ metric: client.connections.rate, max: 1, min: 0 }]",
      undefined,
      /one bound; max is set/,
    ],
    [
      "gates: [{ metric: client.connections.rate, max: x }]",
      undefined,
      /must be a number \(of \/s\)/,
    ],
    ["gates: [{ metric: client.connections.rate, against: b, worseBy: 1% }]", undefined, /named b/],
    ["gates: [{ metric: client.connections.rate, against: baseline }]", undefined, /needs worseBy/],
    [
      "gates: [{ metric: client.connections.rate, against: model, worseBy: 1% }]",
      undefined,
      /worseBy belongs to against: baseline/,
    ],
    [
      "gates: [{ metric: client.connections.rate, against: baseline, worseBy: 1%, within: 1% }]",
      undefined,
      /within belongs to against: model/,
    ],
    [
      "gates: [{ metric: client.latency.connect.p50, against: model }]",
      undefined,
      /the port model does not predict client.latency.connect.p50/,
    ],
    [
      "gates: [{ metric: client.connections.rate, against: baseline, worseBy: 1%, budget: 1% }]",
      undefined,
      /no count of harm/,
    ],
    [
      "gates: [{ metric: client.failures.ETIMEDOUT, max: 0, budget: 1% }]",
      undefined,
      /budget belongs to against/,
    ],
    [
      "gates: [{ metric: client.tcp.ActiveOpens, against: baseline, worseBy: 1% }]",
      undefined,
      /no better side/,
    ],
    ["name: twice", undefined, /duplicate key name/],
    ["cells: []", undefined, /unknown key cells \[variants\]/],
    ["observe: { resets: yes }", undefined, /must be true or false, not "yes" \[true\]/],
    ["replicates: '3'", undefined, /must be a number of at least 1, or auto, not "3" \[3\]/],
    ["workload: [", undefined, /YAML: /],
    ["a: *nobody", undefined, /no anchor &nobody/],
    ["seed: 1\n---\nseed: 2", undefined, /a scenario is one document/],
  ])("with %s %s says what is wrong", (more, workload, expected) => {
    expect(shortProblems(scenarioText(more, workload)).join("\n")).toMatch(expected);
  });

  test("does not call a field missing whose value it complains of", () => {
    const text = scenarioText("", "kind: short-lived, arrival: { model: open, rate: 400 }");
    expect(problemsOf(text)).toHaveLength(1);
  });

  test("that says neither version nor name is told both", () => {
    expect(shortProblems("workload: { kind: hold, arrival: { rate: 1/s } }")).toEqual([
      "1:1 version is missing",
      "1:1 name is missing",
    ]);
  });

  test("cannot move the terminal: control characters are not shown", () => {
    const text = scenarioText('"k\u001b[2Jey": 1');
    const shown = formatProblems(failToParse(text) as ScenarioError);
    expect(shown).not.toContain("\u001b");
  });
});

test("a mistake of YAML is reported once, also where the parser complains of it twice", () => {
  const text = "version: 1\nname: x\n  workload: { kind: short-lived }\nseed: 1\n";
  const read = () => parseScenario(text, "s.yaml");
  expect(read).toThrow("s.yaml: 1 problem");
});

describe("a file that is no scenario", () => {
  test.each([
    ["an empty text", ""],
    ["only comments", "# nothing here\n"],
    ["a binary file", "version: 1\0\0\0"],
    ["ten megabytes", "x: y\n".repeat(2_000_000)],
  ])("is refused as such: %s", (_what, text) => {
    expect(failToParse(text)).toMatchObject({ code: "E_SCENARIO_FILE" });
  });

  test.each(["just text", "- 1\n- 2", "42"])("is told what a scenario is: %s", (text) => {
    expect(shortProblems(text)[0]).toMatch(/^1:1 a scenario is a mapping/);
  });

  test("nested without end is refused without running out of stack", () => {
    expect(failToParse("a: ".concat("[".repeat(100_000)))).toBeInstanceOf(ChurnError);
    expect(failToParse(`version: 1\nname: ${"[".repeat(40)}1${"]".repeat(40)}`)).toBeInstanceOf(
      ScenarioError,
    );
  });

  test("of aliases that multiply is refused after a bounded number of values", () => {
    const levels = Array.from({ length: 9 }, (_, i) =>
      i === 0 ? "a0: &a0 [1,1,1,1,1,1,1,1,1]" : `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`,
    );
    const text = scenarioText(levels.join("\n"));
    expect(shortProblems(text).join("\n")).toMatch(/expands without end/);
  });

  test("that refers to itself is refused", () => {
    expect(shortProblems(scenarioText("matrix: &m { x: [*m] }")).join("\n")).toMatch(
      /nested deeper/,
    );
  });

  test("of tens of thousands of keys is read in linear time", () => {
    const keys = Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join("\n");
    // Twenty unknown keys, and how many more there are.
    expect(problemsOf(scenarioText(keys))).toHaveLength(21);
  }, 30_000);

  test("never ends in anything but a scenario or an error for people", () => {
    const mutation = fc.record({
      at: fc.nat(FULL_SCENARIO.length),
      cut: fc.nat(12),
      add: fc.oneof(
        fc.string({ maxLength: 6 }),
        fc.constantFrom(
          "\n",
          "  ",
          "- ",
          "{",
          "}",
          "[",
          "]",
          ": ",
          "&a",
          "*a",
          "!!x ",
          "|",
          '"',
          "null",
        ),
      ),
    });
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 4 }), (mutations) => {
        const text = mutations.reduce(
          (before, { at, cut, add }) => before.slice(0, at) + add + before.slice(at + cut),
          FULL_SCENARIO,
        );
        expect(describeOutcome(text)).toMatch(/^(scenario|my\.yaml)/);
      }),
      { numRuns: 400 },
    );
  });
});

describe("options", () => {
  test("--set writes over the file before it is checked", () => {
    const scenario = parse(FULL_SCENARIO.replace(/gates:.*/s, ""), {
      set: [
        "workload.arrival.rate=50/s",
        "sysctls.client.net.ipv4.tcp_fin_timeout=5",
        "variants.tw_reuse=1.phases.measure=1s",
        'matrix.workload.closer=["client", server]',
      ],
      replicates: 7,
      seed: 9,
    });
    expect(scenario).toMatchObject({ replicates: 7, seed: 9 });
    expect(scenario.variants.map(({ name, spec }) => [name, spec.phases.measureMs])).toEqual([
      ["baseline,closer=client", 8000],
      ["baseline,closer=server", 8000],
      ["tw_reuse=1,closer=client", 1000],
      ["tw_reuse=1,closer=server", 1000],
    ]);
    for (const { spec } of scenario.variants) {
      expect(spec.workload.arrival).toMatchObject({ ratePerS: 50 });
      expect(spec.sysctls.client?.["net.ipv4.tcp_fin_timeout"]).toBe("5");
    }
  });

  test("a bad --set points into its argument", () => {
    const set = [
      "workload.arival.rate=3/s",
      "workload.arrival.rate=3",
      "sysctls.cliend.x=1",
      "nonsense",
    ];
    const problems = problemsOf(FULL_SCENARIO, { set });
    expect(problems.map(({ source, column, suggestion }) => [source, column, suggestion])).toEqual([
      ["--set", 1, "workload.arrival.rate"],
      ["--set", 1, "sysctls.client.x"],
      ["--set", 1, null],
      ["--set", 23, "3/s"],
    ]);
    expect(problems[3]?.sourceLine).toBe("workload.arrival.rate=3");
  });

  test("--only keeps the variants it names, also those with a comma in their name", () => {
    const matrix = FULL_SCENARIO.replace(
      "matrix: {}",
      "matrix: { workload.closer: [client, server] }",
    ).replace(/gates:.*/s, "");
    const { variants } = parse(matrix, {
      only: ["tw_reuse=1,closer=server,baseline,closer=server"],
    });
    expect(variants.map(({ name, baseline }) => [name, baseline])).toEqual([
      ["baseline,closer=server", true],
      ["tw_reuse=1,closer=server", false],
    ]);
  });

  test("--only drops the gates that no longer can be judged", () => {
    const { gates, variants } = parse(FULL_SCENARIO, { only: ["baseline"] });
    expect(variants).toHaveLength(1);
    expect(gates.map(({ metric }) => metric)).toEqual(["client.latency.connect.p99"]);
  });

  test("--only of an unknown variant names the nearest", () => {
    expect(shortProblems(FULL_SCENARIO, { only: ["tw_reuse=2"] })).toEqual([
      "1:1 no variant is named tw_reuse=2 [tw_reuse=1]",
    ]);
    expect(shortProblems(FULL_SCENARIO, { only: ["nonsense"] })).toEqual([
      expect.stringMatching(/^1:1 no variant is named nonsense; there are .*tw_reuse=1/),
    ]);
  });

  test("a sysctl that came after the kernel at hand is refused", () => {
    const text = scenarioText("sysctls: { client: { net.ipv4.tcp_tw_reuse_delay: 5 } }");
    expect(codesOf(text, { kernel: "6.1.0-28-amd64" })).toEqual(["E_SYSCTL_UNKNOWN"]);
    expect(shortProblems(text, { kernel: "6.1.0-28-amd64" })[0]).toMatch(/came with Linux 6.14/);
    expect(parse(text, { kernel: "6.18.44" }).variants).toHaveLength(1);
  });

  test("a removed sysctl names the kernel at hand", () => {
    const text = scenarioText("sysctls: { client: { net.ipv4.tcp_tw_recycle: 1 } }");
    expect(shortProblems(text, { kernel: "6.18.44" })[0]).toMatch(
      /removed in Linux 4\.12 \(this kernel: 6\.18\.44\).*use net\.ipv4\.tcp_tw_reuse/,
    );
  });
});

test("the name of the file is shown as it was given", () => {
  expect(() => parseScenario("x: 1", "some/dir/x.yaml")).toThrow(/^some\/dir\/x\.yaml: 4 problems/);
});

/** Throws what is not meant for people. */
function describeOutcome(text: string): string {
  try {
    parse(text);
    return "scenario";
  } catch (error) {
    if (error instanceof ScenarioError) return formatProblems(error);
    if (error instanceof ChurnError) return error.message;
    throw error;
  }
}

describe("a gateway", () => {
  const gateway = (more: string): string => `
version: 1
name: gateway
topology: gateway
workload: { kind: short-lived, arrival: { model: open, rate: 10/s } }
${more}
`;
  const upstreamOf = (more: string): unknown => parse(gateway(more)).variants[0]?.spec.upstream;

  test("dials for each request, unless it is told to keep a pool", () => {
    const initial = { connections: "short-lived", poolSize: 64, idleTimeoutMs: 60_000 };
    expect(upstreamOf("")).toEqual(initial);
    expect(upstreamOf("upstream: { connections: pooled, poolSize: 5, idleTimeout: 2s }")).toEqual({
      connections: "pooled",
      poolSize: 5,
      idleTimeoutMs: 2000,
    });
  });

  test.each([
    ["target: { command: [nginx] }\nupstream: { connections: pooled }", "gateway of churnlab"],
    ["target: { server: builtin, misbehaviour: never-close }", "has no misbehaviour"],
    ["target: { server: builtin, delay: 5ms }", "has no delay"],
    ["target: { server: fastify }", "dials no upstream"],
  ])("does not take %j", (more, complaint) => {
    expect(shortProblems(gateway(more)).join()).toContain(complaint);
  });

  test("is what upstream belongs to", () => {
    const text = gateway("upstream: { poolSize: 5 }").replace("topology: gateway", "");
    expect(shortProblems(text).join()).toContain("upstream is for topology: gateway");
  });
});
