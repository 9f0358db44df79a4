// The names of whoever may speak: staff by userid, customers by external_userid, groups by chat_id.
import { useSimulator } from "./useSimulator";
import { fold } from "./useWorld";

export function useNames() {
  const { world } = useSimulator();
  const nameOf = (id: string): string => {
    const state = world.state.value;
    const member = state?.members.find((one) => fold(one.userid) === fold(id));
    const customer = member ?? state?.customers.find((one) => one.external_userid === id);
    return customer?.name ?? state?.groups.find((one) => one.chat_id === id)?.name ?? id;
  };
  const outsiderOf = (chatId: string): string | null => {
    const group = world.state.value?.groups.find((one) => one.chat_id === chatId);
    return group?.members?.find((member) => member.type === 2)?.id ?? null;
  };
  return Object.assign(nameOf, { outsiderOf });
}
