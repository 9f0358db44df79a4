// What is being typed, until it is left: Vue writes a field's value anew whenever anything around it is
// drawn, and would take away what has not become a value yet.
import { shallowRef } from "vue";

export function useTyping() {
  const typing = shallowRef<{ where: number; text: string } | null>(null);
  return {
    /** What the field shows: what is being typed in it, else this. */
    shown: (text: string | number, where = 0) =>
      typing.value?.where === where ? typing.value.text : text,
    type: (event: Event, where = 0) => {
      typing.value = { where, text: (event.target as HTMLInputElement).value };
    },
    leave: () => {
      typing.value = null;
    },
  };
}
