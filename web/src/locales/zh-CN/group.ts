// The words of the group's sidebar.
export const group = {} as const;
