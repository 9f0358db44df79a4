/** Runs `work` once at a time: calls made meanwhile together cause one more run, never a queue. */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let wanted = false;
  const run = async () => {
    do {
      wanted = false;
      await work();
    } while (wanted);
  };
  return () => {
    if (running) wanted = true;
    else running = run().finally(() => (running = null));
    return running;
  };
}
