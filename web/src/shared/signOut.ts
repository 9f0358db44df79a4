// Signing out, where a browser may be somebody else's tomorrow.
import { cache } from "./cache";
import { me } from "./session";

/** Ends the session; what this browser remembers of it goes with it. Fails like any request. */
export async function signOut(): Promise<void> {
  const headers = { "qidan-csrf": me.value?.csrf ?? "" };
  const told = await fetch("/auth/logout", { method: "POST", headers });
  if (!told.ok) throw new Error(`${told.status}`);
  if (me.value) cache.forget(me.value.userid);
  location.reload();
}
