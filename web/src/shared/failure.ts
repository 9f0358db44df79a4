// An error as a sentence that says what happened; the page adds the button that mends it.
import { RequestError } from "./request";
import { t } from "./t";
import { WeComError } from "./wecom/error";

/** Known by its name: only pages that keep things bring its class along. */
const isStorage = (error: unknown): error is Error & { reason: string } =>
  error instanceof Error && error.name === "StorageError";

export function failureText(error: unknown): string {
  if (error instanceof WeComError) return t(`wecom.${error.code}`);
  if (isStorage(error)) return t(error.reason === "full" ? "outbox.full" : "outbox.refuses");
  if (!(error instanceof RequestError)) return String(error);
  const what = t(`error.${error.kind}`);
  return error.detail ? t("error.with", { what, detail: error.detail }) : what;
}

/** The service's own words where it has some: they name the mend. */
export function reasonText(error: unknown): string {
  return error instanceof RequestError && error.code && error.detail
    ? error.detail
    : failureText(error);
}
