import { RejectionReason } from "@mall/ordering/contract";

/** Why an order is rejected, from why its saga undoes. A rule that no shopper could make sense of counts as `timed-out`. */
export function rejectionReasonOf(reason: string): RejectionReason {
  const known = RejectionReason.safeParse(reason);
  return known.success ? known.data : "timed-out";
}
