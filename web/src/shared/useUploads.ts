// Files on their way: at most three at once, each with its own progress, its own failure and its own
// second try. What has arrived is an id; the page keeps those.
import { computed, onScopeDispose, reactive } from "vue";
import { fileUrl, onceKey, upload } from "./api";
import { boot } from "./boot";
import { reasonText } from "./failure";
import { isPicture, PictureError, prepared, sizeWords } from "./picture";
import { t } from "./t";

export interface Sending {
  key: string;
  name: string;
  state: "waiting" | "sending" | "done" | "failed";
  /** From 0 to 1. */
  share: number;
  id: string | null;
  /** The picture itself, to be shown at once. */
  url: string | null;
  why: string;
  canRetry: boolean;
}

export interface UploadOptions {
  /** Pictures only, made smaller before they go. */
  pictures: boolean;
  max: () => number;
  /** How many there are without those on their way. */
  count: () => number;
  url?: () => string | undefined;
  arrived: (id: string) => void;
  maxBytes?: number;
}

const AT_ONCE = 3;

const faultWords = (error: unknown, name: string): string => {
  if (!(error instanceof PictureError)) return reasonText(error);
  return t(`photo.${error.fault}`, { name });
};

export function useUploads(options: UploadOptions) {
  const items = reactive<Sending[]>([]);
  const files = new Map<string, { file: File; mark: Promise<string[]> }>();
  const stop = new AbortController();
  const maxBytes = options.maxBytes ?? boot.max_file_bytes;
  let running = 0;

  function fail(item: Sending, why: string, canRetry: boolean): void {
    item.state = "failed";
    item.why = why;
    item.canRetry = canRetry;
  }

  async function send(item: Sending): Promise<void> {
    const given = files.get(item.key);
    if (!given) return;
    item.state = "sending";
    item.share = 0;
    try {
      const { file } = given;
      const isShrunk = options.pictures || (isPicture(file) && file.size > maxBytes);
      const blob = isShrunk ? await prepared(file, await given.mark) : file;
      if (blob.size > maxBytes) {
        const sizes = { size: sizeWords(blob.size), max: sizeWords(maxBytes) };
        fail(item, t("photo.too_large", { name: item.name, ...sizes }), false);
        return;
      }
      const name = blob === file ? item.name : item.name.replace(/\.\w+$/, "") + ".jpg";
      const url = options.url?.();
      const stored = await upload(blob, name, {
        key: item.key,
        signal: stop.signal,
        onProgress: (share) => (item.share = share),
        ...(url ? { url } : {}),
      });
      item.id = stored.id;
      item.state = "done";
      files.delete(item.key);
      options.arrived(stored.id);
    } catch (error) {
      fail(item, faultWords(error, item.name), !(error instanceof PictureError));
    }
  }

  function go(): void {
    // Whoever asked for the rest is gone.
    while (running < AT_ONCE && !stop.signal.aborted) {
      const next = items.find((item) => item.state === "waiting");
      if (!next) return;
      running += 1;
      next.state = "sending";
      void send(next).finally(() => {
        running -= 1;
        go();
      });
    }
  }

  /** Takes files in; returns how many were too many. `mark` is written on pictures. */
  function add(list: readonly File[], mark: Promise<string[]> = Promise.resolve([])): number {
    const onTheWay = items.filter((item) => item.state !== "done").length;
    const room = Math.max(0, options.max() - options.count() - onTheWay);
    for (const file of list.slice(0, room)) {
      const key = onceKey();
      files.set(key, { file, mark });
      items.push({
        key,
        name: file.name,
        state: "waiting",
        share: 0,
        id: null,
        url: isPicture(file) ? URL.createObjectURL(file) : null,
        why: "",
        canRetry: false,
      });
    }
    go();
    return Math.max(0, list.length - room);
  }

  function drop(key: string): void {
    const at = items.findIndex((item) => item.key === key);
    const [item] = at >= 0 ? items.splice(at, 1) : [];
    if (item?.url) URL.revokeObjectURL(item.url);
    files.delete(key);
  }

  onScopeDispose(() => {
    stop.abort();
    for (const item of items) if (item.url) URL.revokeObjectURL(item.url);
  });

  return {
    items,
    add,
    drop,
    retry: (key: string) => {
      const item = items.find((one) => one.key === key);
      if (item?.state !== "failed") return;
      item.state = "waiting";
      go();
    },
    /** How many have not arrived and may still. */
    pending: computed(
      () => items.filter(({ state }) => state === "waiting" || state === "sending").length,
    ),
    /** Where a stored picture is shown from: from here if it was sent from here. */
    urlOf: (id: string): string => items.find((item) => item.id === id)?.url ?? fileUrl(id),
    nameOf: (id: string): string => items.find((item) => item.id === id)?.name ?? "",
  };
}
