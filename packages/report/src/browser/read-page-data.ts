/** Data that the server put into the page under this id; null when there is none. */
export function readPageData(id: string): unknown {
  const text = document.querySelector(`script[type="application/json"]#${id}`)?.textContent;
  return text == null ? null : JSON.parse(text);
}
