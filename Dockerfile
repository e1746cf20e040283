# The images of churnlab: target, controller, agent. Build the packages first (npm run build), then for example:
#   docker build --target target -t churnlab-target .
# BASE is any image with Node 24 and glibc. Where no registry is within reach, `node scripts/build-base-image.mjs` makes one of
# the pinned Node and its shared libraries: --build-arg BASE=churnlab-base
ARG BASE=node:24-slim

# Takes the libraries that run churnlab out of all those that build and test it.
FROM ${BASE} AS tree
WORKDIR /source
COPY . .
RUN ["node", "deploy/assemble-tree.mjs", "/churnlab"]

# The command itself, without a tool of the build.
FROM ${BASE} AS churnlab
COPY --from=tree /churnlab /churnlab
ENV NODE_ENV=production
WORKDIR /data
STOPSIGNAL SIGTERM

# A server to be loaded. CHURNLAB_TARGET says what it serves, as JSON; without it, HTTP on port 8080.
FROM churnlab AS target
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=2s --start-period=2s CMD ["node", "/churnlab/deploy/check-listening.mjs"]
ENTRYPOINT ["node", "/churnlab/packages/traffic/dist/target/target-main.js"]

# Offers hosts on its container's network to the trials of a fleet; its arguments are those of `churnlab agent`. It is root of
# its container: the hosts are namespaces that it makes. It also measures a target's container from inside, where that may not
# be entered from outside (deploy/measure-inside.mjs).
FROM churnlab AS agent
HEALTHCHECK --interval=2s --timeout=2s --start-period=10s CMD ["node", "/churnlab/deploy/check-connected.mjs", "4222"]
ENTRYPOINT ["node", "/churnlab/deploy/run-agent.mjs"]

# Runs a scenario, the quickstart unless told otherwise, and then serves its results on port 7700. It is root of its container:
# the hosts of a trial are namespaces that it makes, which needs CAP_SYS_ADMIN and CAP_NET_ADMIN.
FROM churnlab AS controller
EXPOSE 7700
HEALTHCHECK --interval=2s --timeout=2s --start-period=2m CMD ["node", "/churnlab/deploy/check-finished.mjs"]
ENTRYPOINT ["node", "/churnlab/deploy/run-and-serve.mjs"]
