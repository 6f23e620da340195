import { defineSaga } from "./define-saga.ts";
import { TripRequested, tripCommand } from "./saga.fixture.ts";
import type { SagaPatience } from "./saga-step.ts";

const BookFlight = tripCommand("BookFlight");
const CancelFlight = tripCommand("CancelFlight");
const BookHotel = tripCommand("BookHotel");
const CancelHotel = tripCommand("CancelHotel");
const ChargeCard = tripCommand("ChargeCard");
const RefuseCharge = tripCommand("RefuseCharge");
const SendTickets = tripCommand("SendTickets");
const CloseTrip = tripCommand("CloseTrip");
const TellCustomer = tripCommand("TellCustomer");

export interface Trip {
  readonly id: string;
  readonly hotel: boolean;
  readonly flightCode?: string;
  readonly cancelled?: boolean;
}

/** A flight, a hotel if one is wanted, the card (the pivot), the tickets; two endings when it is undone. */
export function tripSaga(options: SagaPatience & { readonly revoke?: boolean } = {}) {
  const { revoke = true, ...patience } = options;
  return defineSaga("Trip", {
    startedBy: TripRequested,
    start: ({ data: { id, hotel = true } }): Trip => ({ id, hotel }),
    steps: ({ step }) => {
      const charge = step("Charge").invoke(ChargeCard, idOf).pivot();
      return [
        step("Flight")
          .invoke(BookFlight, idOf)
          .onReply((trip, { code }) => ({ ...trip, ...(code !== undefined && { flightCode: code }) }))
          .compensate(CancelFlight, ({ id }, reason) => ({ id, reason })),
        step("Hotel")
          .invoke(BookHotel, idOf)
          .when(({ hotel }) => hotel)
          .accept(["booked-by-phone"])
          .compensate(CancelHotel, idOf),
        revoke ? charge.revoke(RefuseCharge, idOf) : charge,
        step("Tickets").invoke(SendTickets, idOf).accept(["sent-by-post"]),
      ];
    },
    whenCompensated: ({ step }) => [
      step("Close").invoke(CloseTrip, ({ id }, reason) => ({ id, reason })),
      step("Tell")
        .invoke(TellCustomer, idOf)
        .when(({ cancelled }) => !cancelled),
    ],
    ...patience,
  });
}

export function idOf({ id }: { readonly id: string }) {
  return { id };
}

/** A flight, then hotel, car and show at once, then the card. */
export const groupSaga = defineSaga("GroupTrip", {
  startedBy: TripRequested,
  start: ({ data: { id } }) => ({ id, codes: [] as readonly string[] }),
  steps: ({ step, parallel }) => {
    const booked = (name: string) =>
      step(name)
        .invoke(tripCommand(`Book${name}`), idOf)
        .onReply((trip, { code }) => ({ ...trip, codes: [...trip.codes, code ?? name] }))
        .compensate(tripCommand(`Cancel${name}`), idOf);
    return [
      booked("Flight"),
      parallel(booked("Hotel"), booked("Car"), booked("Show")),
      step("Charge").invoke(ChargeCard, idOf).pivot(),
    ];
  },
});
