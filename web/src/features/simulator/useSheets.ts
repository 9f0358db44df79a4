// What a page can make the client open: one sheet at a time, which ends with an answer or without.
import { shallowRef } from "vue";
import type { Named, PickAsk, Spot } from "./bridgeTypes";

interface Asked {
  scan: { ask: null; answer: string };
  pictures: { ask: { count: number }; answer: string[] };
  pick: { ask: PickAsk; answer: { departments: Named[]; users: Named[] } };
  preview: { ask: { url: string; name: string; size: number | null }; answer: null };
  place: { ask: null; answer: Spot & { label: string } };
  member: { ask: { userid: string }; answer: null };
}

export type SheetKind = keyof Asked;
export type SheetAsk<K extends SheetKind> = Asked[K]["ask"];

export interface Sheet {
  id: number;
  kind: SheetKind;
  ask: Asked[SheetKind]["ask"];
  done(answer: unknown): void;
}

export function useSheets() {
  const sheet = shallowRef<Sheet | null>(null);
  let count = 0;

  function open<K extends SheetKind>(
    kind: K,
    ask: Asked[K]["ask"],
  ): Promise<Asked[K]["answer"] | null> {
    // Whoever asked before is told that the person closed it.
    sheet.value?.done(null);
    return new Promise((resolve) => {
      count += 1;
      const mine: Sheet = {
        id: count,
        kind,
        ask,
        done(answer) {
          if (sheet.value === mine) sheet.value = null;
          resolve(answer as Asked[K]["answer"] | null);
        },
      };
      sheet.value = mine;
    });
  }

  return { sheet, open };
}

export type Sheets = ReturnType<typeof useSheets>;
