// Which of the two ways of being alone this browser has.
import { leased, locked, type Alone } from "./alone";
import { fieldDb } from "./fieldDb";

export const alone = (name: string, tab: string): Alone =>
  "locks" in navigator && navigator.locks
    ? locked(name, navigator.locks)
    : leased(fieldDb, name, tab);
