// The parts of a page that are not needed to draw it first. What makes a ticket is fetched beside the
// first answers of the service; the rest when it is wished.
import { defineAsyncComponent } from "vue";
import QSkeleton from "@/shared/ui/QSkeleton.vue";

const createTicket = () => import("@/features/create/CreateTicket.vue");

export const CreateTicket = defineAsyncComponent({
  loader: createTicket,
  loadingComponent: QSkeleton,
  delay: 0,
  onError: (_error, retry, fail, attempts) => (attempts < 3 ? setTimeout(retry, 800) : fail()),
});
export const TicketSheet = defineAsyncComponent(() => import("@/features/ticket/TicketSheet.vue"));
export const TemplateDrawer = defineAsyncComponent(
  () => import("@/features/create/TemplateDrawer.vue"),
);
export const DetailsSheet = defineAsyncComponent(() => import("./DetailsSheet.vue"));
export const CreateSheet = defineAsyncComponent(() => import("./CreateSheet.vue"));
export const LateList = defineAsyncComponent({
  loader: () => import("@/features/customer/TicketList.vue"),
  loadingComponent: QSkeleton,
});
export const BelongingsView = defineAsyncComponent({
  loader: () => import("@/features/customer/BelongingsView.vue"),
  loadingComponent: QSkeleton,
});

/** Begins to fetch the form at once: it will be wanted. */
export const fetchForm = (): void => void createTicket().catch(() => undefined);
