# One image for every service, the sandbox, the bundled Supabase and the CLI: they differ by their command.
# No build step: Node runs the TypeScript as it is (docs/decisions/0003-one-image.md).
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
# A mirror of the npm registry, where there is one.
ARG NPM_CONFIG_REGISTRY=https://registry.npmjs.org/
ENV NPM_CONFIG_REGISTRY=${NPM_CONFIG_REGISTRY} CI=true
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
# The lockfile alone decides what is fetched, so this layer stays until the lockfile changes.
RUN npm install --global --silent "$(node -p 'require("./package.json").packageManager')" \
  && pnpm fetch --prod
COPY packages packages
COPY services services
COPY deploy/compose deploy/compose
# Type declarations and source maps are a third of it, and nothing reads them here.
RUN pnpm install --prod --offline --frozen-lockfile --ignore-scripts \
  && find node_modules/.pnpm -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM ${NODE_IMAGE}
WORKDIR /app
# Containers are reached from outside; which of their ports face the network, docker-compose.yml says.
ENV NODE_OPTIONS=--disable-warning=ExperimentalWarning HOST=0.0.0.0
# What messages tell people to type.
ENV LEADWIRE_COMMAND="docker compose run --rm leadwire"
COPY --from=dependencies /app /app
COPY supabase supabase
COPY scripts scripts
# With its examples missing and wrong settings are told.
COPY .env.example .env.example
COPY deploy/nats.conf deploy/nats.conf
COPY deploy/cluster/nats.conf deploy/cluster/nats.conf
# Nothing in here belongs to the user it runs as: a service cannot change its own program.
USER node
# PORT and HEALTH_PATH are the part's own; docker-compose.yml sets them.
HEALTHCHECK --interval=10s --timeout=10s --start-period=180s --retries=3 \
  CMD ["/app/deploy/compose/healthcheck.sh"]
# Every part ends itself on SIGTERM, also as the first process of its container.
ENTRYPOINT ["node"]
