# The images of churnlab. Build the packages first (npm run build), then for example:
#   docker build --target target -t churnlab-target .
# BASE is any image with Node 24 and glibc. Where no registry is within reach, `node scripts/build-base-image.mjs` makes one of
# the pinned Node and its shared libraries: --build-arg BASE=churnlab-base
ARG BASE=node:24-slim

# Takes the libraries that run churnlab out of all those that build and test it.
FROM ${BASE} AS tree
WORKDIR /source
COPY . .
RUN ["node", "deploy/assemble-tree.mjs", "/churnlab"]

FROM ${BASE} AS churnlab
LABEL churnlab.image=churnlab
COPY --from=tree /churnlab /churnlab
ENV NODE_ENV=production
WORKDIR /data
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/churnlab/packages/cli/bin/churnlab.mjs"]

# A server to be loaded. CHURNLAB_TARGET says what it serves, as JSON; without it, HTTP on port 8080.
FROM churnlab AS target
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=2s --start-period=2s CMD ["node", "/churnlab/deploy/check-listening.mjs", "8080"]
ENTRYPOINT ["node", "/churnlab/packages/traffic/dist/target/target-main.js"]
