// The words of a ticket, wherever it is shown.
export const ticket = {} as const;
