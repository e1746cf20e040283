import { expect, it } from "vitest";
import { Container } from "../../src/docker/container.ts";
import { FakeEngine } from "../fixtures/fake-engine.ts";

const OPTIONS = { image: "some", command: null, env: {}, sysctls: {}, pull: false };

it("a container that could not be created says why, and is removed in case it was", async () => {
  using engine = new FakeEngine(`
case $1 in
create) echo "Error response from daemon: the first reason" >&2; exit 1 ;;
rm) echo "Error response from daemon: the second reason" >&2; exit 1 ;;
esac`);
  await expect(Container.start(engine.cli, OPTIONS)).rejects.toThrow("the first reason");
  expect(engine.calls.map((call) => call.split(" ")[0])).toEqual(["create", "rm"]);
});
