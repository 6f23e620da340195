/** What `GET /` answers: where to look. */
export const welcome = {
  name: "The Mall",
  links: {
    stores: "/api/stores",
    products: "/api/stores/{storeId}/products",
    customers: "/api/customers/{customerId}",
    baskets: "/api/baskets/{basketId}",
    orders: "/api/orders/{orderId}",
    notifications: "/api/customers/{customerId}/notifications",
    operations: "/api/operations/{operationId}",
    problems: "/problems/{type}",
    health: "/readyz",
  },
};
