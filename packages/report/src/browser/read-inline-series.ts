/** The series that came with the page: base64 of gzip, in a script element that is data. */
export async function readInlineSeries(): Promise<ArrayBuffer> {
  const text = document.querySelector("#series")?.textContent ?? "";
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).arrayBuffer();
}
