// Addresses come from messages that anybody may have written: only these kinds are ever used.

const LINK = /^https?:\/\//i;
const LOCAL_PICTURE = /^(?:blob:|data:image\/(?:png|jpe?g|gif|webp|svg\+xml)[;,])/i;

/** The address if a person may be led there, else nothing. */
export const safeLink = (url: string | null | undefined): string | null =>
  url && LINK.test(url) ? url : null;

/** The address if this page may load it by itself: its own server's, or bytes it already has. */
export const safePicture = (url: string | null | undefined): string | null => {
  if (!url) return null;
  if (LOCAL_PICTURE.test(url)) return url;
  try {
    const whole = new URL(url, location.href);
    return whole.origin === location.origin && LINK.test(whole.href) ? whole.href : null;
  } catch {
    return null;
  }
};
