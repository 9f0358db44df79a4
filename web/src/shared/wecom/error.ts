// What can go wrong between the page and the client around it, in the few ways that a page can act on.

export type WeComCode = "denied" | "cancel" | "offline" | "timeout" | "unsupported" | "failed";

export class WeComError extends Error {
  override readonly name = "WeComError";
  constructor(
    readonly code: WeComCode,
    /** The client's own words, for the log. */
    readonly errMsg: string,
  ) {
    super(errMsg || code);
  }
}

const WORDS: [RegExp, WeComCode][] = [
  [/:\s*cancel/i, "cancel"],
  [/permission|denied|no_?permission|unauthori[sz]ed|invalid signature|verifying/i, "denied"],
  [/function[ _]not[ _]exist|not[ _]support|unsupported/i, "unsupported"],
  [/offline|network|timeout/i, "offline"],
];

/** The client's answer, or whatever was thrown, as one of ours. */
export function weComError(thrown: unknown): WeComError {
  if (thrown instanceof WeComError) return thrown;
  const said = (thrown as { errMsg?: unknown } | null)?.errMsg;
  const words = typeof said === "string" ? said : thrown instanceof Error ? thrown.message : "";
  return new WeComError(WORDS.find(([mark]) => mark.test(words))?.[1] ?? "failed", words);
}

/** The same promise, which fails when it takes too long: clients have been seen never to answer. */
export function within<T>(ms: number, call: string, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const late = () => reject(new WeComError("timeout", `${call}:no answer in ${ms} ms`));
    const timer = setTimeout(late, ms);
    work
      .then(resolve, (error: unknown) => reject(weComError(error)))
      .finally(() => clearTimeout(timer));
  });
}
