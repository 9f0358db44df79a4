// Who is here. A page starts with `await startSession()`: no session leads to the silent login of
// WeCom and back; twice in vain leads to words. When the browser's session becomes another person's,
// the page says so instead of acting in his name.
import { shallowRef } from "vue";
import type { Me } from "@/api/pages";
import { api, useToken } from "./api";
import { simulatedPerson } from "./boot";
import { kept } from "./kept";
import type { RequestError } from "./request";

export type SessionState = "starting" | "ready" | "leaving" | "loop" | "changed" | "failed";

const LOGINS_MAX = 2;
const COUNTER = "qidan.logins";

export const me = shallowRef<Me | null>(null);
export const session = shallowRef<SessionState>("starting");
/** Why the session could not be started, when it `failed`. */
export const sessionError = shallowRef<unknown>(null);

const last = kept("qidan.last");

/** The person of the last visit: whose remembered lists may be shown until the server has answered. */
export function likelyUser(): string | null {
  return me.value?.userid ?? simulatedPerson() ?? last.read();
}

const counted = {
  read: (): number => {
    try {
      return Number(sessionStorage.getItem(COUNTER) ?? 0);
    } catch {
      return 0;
    }
  },
  write: (count: number): void => {
    try {
      if (count === 0) sessionStorage.removeItem(COUNTER);
      else sessionStorage.setItem(COUNTER, String(count));
    } catch {
      // Without storage there is no loop guard; the server's own limit remains.
    }
  },
};

/** Where the login begins, and where it comes back to. */
export function loginUrl(place: Location = location): string {
  const next = encodeURIComponent(place.pathname + place.search);
  return `/auth/wecom/login?next=${next}${simulatedPerson() === null ? "" : "&client=1"}`;
}

function leave(): void {
  if (counted.read() >= LOGINS_MAX) {
    session.value = "loop";
    return;
  }
  counted.write(counted.read() + 1);
  session.value = "leaving";
  location.replace(loginUrl());
}

/** Logs in anew, on a person's wish: the count begins again. */
export function signIn(): void {
  counted.write(0);
  leave();
}

function refused(error: RequestError): void {
  if (error.kind === "login") leave();
  else if (error.code === "auth.csrf") session.value = "changed";
}

/** Another simulated phone of the same browser has logged in meanwhile. */
const isSomebodyElse = (found: Me): boolean => {
  const held = simulatedPerson();
  return held !== null && held.toLowerCase() !== found.userid.toLowerCase();
};

/**
 * Learns who is here. Resolves when that is known; while the browser goes to the login it never
 * does, and what failed stands in `session` and `sessionError`.
 */
export async function startSession(): Promise<Me | null> {
  useToken("", refused);
  session.value = "starting";
  try {
    const found = await api.get<Me>("/me");
    if (isSomebodyElse(found)) {
      leave();
      return null;
    }
    counted.write(0);
    useToken(found.csrf, refused);
    last.write(found.userid);
    me.value = found;
    session.value = "ready";
    return found;
  } catch (error) {
    if (session.value === "starting") {
      sessionError.value = error;
      session.value = "failed";
    }
    return null;
  }
}
