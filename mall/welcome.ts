/** What `GET /` answers: where to look. */
export const welcome = {
  name: "The Mall",
  links: {
    docs: "/api/docs",
    stores: "/api/stores",
    products: "/api/stores/{storeId}/products",
    customers: "/api/customers/{customerId}",
    baskets: "/api/baskets/{basketId}",
    payments: "/api/payments/{paymentId}",
    orders: "/api/orders/{orderId}",
    invoices: "/api/invoices?orderId={orderId}",
    shoppingLists: "/api/shopping-lists?status=",
    bots: "/api/bots",
    searchProducts: "/api/search/products?q=",
    searchOrders: "/api/search/orders?customerId=",
    notifications: "/api/customers/{customerId}/notifications",
    operations: "/api/operations/{operationId}",
    problems: "/problems/{type}",
    health: "/readyz",
  },
};
