// From where a ticket is made, and for whom.

export interface Origin {
  source: "chat_sidebar" | "customer_profile" | "group_menu" | "workbench";
  customer: string | null;
  chat: string | null;
  /** A device that was chosen before the form. */
  asset?: string | null;
  /** Another number, another conversation: what was begun in one is not gone on with in the other. */
  visit?: number;
  /** The client has not said yet beside whom the page is open. */
  isPending?: boolean;
}
