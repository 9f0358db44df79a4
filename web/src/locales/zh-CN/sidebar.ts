// The words of the chat's sidebar.
export const sidebar = {} as const;
