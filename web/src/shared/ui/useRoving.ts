// One stop of the tab key for a group; the arrow keys walk within it and choose.
export function roving(event: KeyboardEvent, choose: (nth: number) => void): void {
  const group = event.currentTarget as HTMLElement;
  const stops = [...group.querySelectorAll<HTMLElement>("[data-stop]:not(:disabled)")];
  const here = stops.indexOf(document.activeElement as HTMLElement);
  const steps: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const step = steps[event.key];
  let next: HTMLElement | undefined;
  if (step !== undefined) next = stops[(here + step + stops.length) % stops.length];
  else if (event.key === "Home") next = stops[0];
  else if (event.key === "End") next = stops[stops.length - 1];
  if (!next) return;
  event.preventDefault();
  next.focus();
  choose(Number(next.dataset["stop"]));
}
