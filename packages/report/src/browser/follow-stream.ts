/** An EventSource that was answered with an error is closed for good; another is opened after this. */
const RETRY_MS = 5000;

export interface StreamOptions {
  /** Which events are told of. */
  readonly types: readonly string[];
  readonly onEvent: (data: string) => void;
  readonly onOpen?: () => void;
  /** `isRefused`: the server answers, but has no place; else it cannot be reached. Both are tried again. */
  readonly onTrouble?: (isRefused: boolean) => void;
}

/** Follows the events of the server until the function that it returns is called, and comes back after every trouble. */
export function followStream({ types, onEvent, onOpen, onTrouble }: StreamOptions): () => void {
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const open = (): void => {
    const opened = new EventSource("/api/stream");
    source = opened;
    for (const type of types) {
      opened.addEventListener(type, ({ data }: MessageEvent<string>) => onEvent(data));
    }
    opened.addEventListener("open", () => onOpen?.());
    opened.addEventListener("error", () => {
      const isRefused = opened.readyState === EventSource.CLOSED;
      onTrouble?.(isRefused);
      if (isRefused) retry = setTimeout(open, RETRY_MS);
    });
  };
  open();
  return () => {
    clearTimeout(retry);
    source?.close();
  };
}
