/** The series of the page: of the server that it says, or with it as base64 of gzip in an element that is data. */
export async function readSeries(): Promise<ArrayBuffer> {
  const element = document.querySelector<HTMLElement>("#series");
  const source = element?.dataset["source"];
  if (source !== undefined) return await (await fetch(source)).arrayBuffer();
  const bytes = Uint8Array.from(atob(element?.textContent ?? ""), (character) =>
    character.charCodeAt(0),
  );
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).arrayBuffer();
}
