import type { Variant } from "../scenario.ts";
import { forecastGateway, willGatewayRunOut } from "./forecast-gateway.ts";
import type { KernelFacts } from "./port-forecast.ts";

/** Of a scenario whose gateway is foretold to run out of ports, or may: a line for all variants of which the same is said. */
export function warnGatewayPorts(
  variants: readonly Pick<Variant, "name" | "spec">[],
  facts: KernelFacts = {},
): string[] {
  const said = variants.flatMap(({ name, spec }) => {
    const forecast = forecastGateway(spec, facts);
    const end = forecast === null ? null : willGatewayRunOut(forecast);
    if (forecast === null || end === null) return [];
    return [
      {
        name,
        text: `the target ${end} run out of ports towards its upstream: ${forecast.sentence}`,
      },
    ];
  });
  return [...Map.groupBy(said, ({ text }) => text)].map(([text, group]) => {
    const names = group.length === variants.length ? [] : group.map(({ name }) => name);
    return names.length === 0 ? text : `${names.join(", ")}: ${text}`;
  });
}
