import { z } from "zod";

/**
 * A UUID of any version, in lower case. An id that merely looks unusual is unknown, not malformed: looking it up
 * answers 404.
 */
export const Id = z.guid("must be a UUID").toLowerCase();

/** The path parameter of `/api/stores/{id}` and its like. */
export const IdParams = z.object({ id: Id });
