# syntax=docker/dockerfile:1
#
# Every program of the Mall in one image; the arguments choose which one runs:
#
#   mall/serve.ts <service>             a service, or the simulated bots
#   mall/serve.ts <service> --migrate   brings the service's database up to date, and ends
#   mall/gateway.ts                     the gateway, unless arguments say otherwise
#
# Node.js runs the sources directly, so that there is nothing to build. It is the first process of the container, and
# ends in order when it gets a SIGTERM. Nothing is written to the image's own files.

ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-bookworm-slim AS dependencies
WORKDIR /app
COPY LICENSE .npmrc package.json package-lock.json ./
COPY packages/core/package.json packages/core/
COPY packages/nats/package.json packages/nats/
COPY packages/postgres/package.json packages/postgres/
COPY packages/testing/package.json packages/testing/
COPY packages/tidings/package.json packages/tidings/
COPY mall/package.json mall/
COPY mall/cluster/package.json mall/cluster/
COPY mall/common/package.json mall/common/
COPY mall/gateway/package.json mall/gateway/
COPY mall/processor/package.json mall/processor/
COPY mall/services/baskets/package.json mall/services/baskets/
COPY mall/services/checkout/package.json mall/services/checkout/
COPY mall/services/customers/package.json mall/services/customers/
COPY mall/services/depot/package.json mall/services/depot/
COPY mall/services/notifications/package.json mall/services/notifications/
COPY mall/services/ordering/package.json mall/services/ordering/
COPY mall/services/payments/package.json mall/services/payments/
COPY mall/services/search/package.json mall/services/search/
COPY mall/services/stores/package.json mall/services/stores/
COPY bench/package.json bench/
COPY tools/package.json tools/
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:${NODE_VERSION}-bookworm-slim AS mall
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="The Mall" \
      org.opencontainers.image.description="The services of the Mall, its gateway and its bots" \
      org.opencontainers.image.source="https://github.com/tidings/tidings" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    MALL_DEMO=0 \
    HOST=0.0.0.0 \
    PORT=8080
WORKDIR /app
COPY --from=dependencies /app ./
COPY packages packages
COPY mall mall
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--conditions=source"]
CMD ["mall/gateway.ts"]
