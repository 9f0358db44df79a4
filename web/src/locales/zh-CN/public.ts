// The words of the customers' own page.
export const publicPage = {} as const;
