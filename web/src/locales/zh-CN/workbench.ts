// The words of the workbench.
export const workbench = {} as const;
