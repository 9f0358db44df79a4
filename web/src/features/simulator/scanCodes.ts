// Codes to hold before the simulated camera: those that were read before, else a few to begin with.

const SAMPLES = ["AC-2026-000123", "CODE_128,6901234567892", "https://example.com/q/AC000123"];
const KEPT_MAX = 8;

export function recentCodes(memory: string | null): string[] {
  try {
    const told: unknown = JSON.parse(memory ?? "[]");
    const codes = Array.isArray(told) ? told.filter((one) => typeof one === "string") : [];
    return codes.length > 0 ? codes.slice(0, KEPT_MAX) : SAMPLES;
  } catch {
    return SAMPLES;
  }
}

/** What to remember: this one first, each once. */
export const remembered = (codes: readonly string[], code: string): string =>
  JSON.stringify([code, ...codes.filter((one) => one !== code)].slice(0, KEPT_MAX));
