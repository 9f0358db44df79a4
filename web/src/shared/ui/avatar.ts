// A face for people who have none: their name on a colour that stays theirs.

export const HUES = 8;

export function hueOf(id: string): number {
  let hash = 7;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 65_521;
  return hash % HUES;
}

/** The last two characters of a Chinese name, as WeCom does; else the initials. */
export function initialsOf(name: string): string {
  const clean = name.trim();
  if (/[\u3400-\u9fff]/.test(clean)) return [...clean].slice(-2).join("");
  const words = clean.split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? words.slice(0, 2).map((w) => w[0]) : [...clean].slice(0, 2);
  return letters.join("").toUpperCase();
}
