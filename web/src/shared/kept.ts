// A word remembered by the browser. Private windows may refuse storage: the page then forgets.

export const kept = (key: string) => ({
  read(): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  write(value: string): void {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Nothing depends on it.
    }
  },
  remove(): void {
    try {
      localStorage.removeItem(key);
    } catch {
      // It was not there then.
    }
  },
});
