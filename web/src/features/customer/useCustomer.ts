// All that is known of a customer, and the tickets around him.
import { computed } from "vue";
import type { CustomerContext } from "@/api/pages";
import { api } from "@/shared/api";
import { RequestError } from "@/shared/request";
import { useResource } from "@/shared/resource";
import { useTickets } from "./useTickets";

export function useCustomer(id: () => string | null, source: string) {
  const path = () => `/context/customer/${encodeURIComponent(id() ?? "")}`;
  const key = () => {
    const now = id();
    return now === null ? null : `customer.${now}`;
  };
  const context = useResource<CustomerContext>(key, (signal) =>
    api.get(path(), { source }, signal),
  );
  const tickets = useTickets<CustomerContext>({
    data: context.data,
    put: context.put,
    refresh: context.refresh,
    key,
    load: (cursor) => api.get(path(), { source, cursor }),
    isHere: (ticket) => ticket.customer?.external_userid === id(),
  });
  const isForbidden = computed(
    () => context.error.value instanceof RequestError && context.error.value.status === 403,
  );
  return { context, tickets, problem: context.error, isForbidden };
}
