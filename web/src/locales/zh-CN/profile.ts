// The words of the customer's profile.
export const profile = {} as const;
