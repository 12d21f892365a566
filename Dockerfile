# SPDX-License-Identifier: Apache-2.0
# Images of Surety, one per target: node (the last, hence the default), gateway, provider.
#
#   docker build --target node -t surety-node .
#
# The binaries are compiled in the image (an hour on two cores), or are at hand, in
# FOLDER/binaries:
#
#   docker build --build-context compiled=FOLDER --target node -t surety-node .
#
# BuildKit, or podman, is needed: it builds only the stages that a target uses.

# Debian 12 in both: the binaries link its libc. Name digests for a build that can be repeated.
ARG RUST_IMAGE=rust:1.95-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS compiled
RUN apt-get update \
	&& apt-get install -y --no-install-recommends clang libclang-dev protobuf-compiler \
	&& rm -rf /var/lib/apt/lists/*
RUN rustup target add wasm32v1-none
WORKDIR /surety
COPY . .
ARG PROFILE=production
# The version that the node shows; there is no .git in the context.
ARG SUBSTRATE_CLI_GIT_COMMIT_HASH=unknown
ENV SUBSTRATE_CLI_GIT_COMMIT_HASH=${SUBSTRATE_CLI_GIT_COMMIT_HASH}
RUN --mount=type=cache,target=/usr/local/cargo/registry \
	--mount=type=cache,target=/surety/target \
	cargo build --locked --profile ${PROFILE} \
		-p surety-node -p surety-gateway -p surety-provider --bins \
		--features surety-node/metadata-hash \
	&& install -D -t /binaries target/${PROFILE}/surety-node target/${PROFILE}/surety-gateway \
		target/${PROFILE}/surety-provider

FROM ${BASE_IMAGE} AS runtime
# curl is for the health checks. The account has the same number everywhere, so that volumes can be
# prepared: chown 10000:10000.
RUN apt-get update \
	&& apt-get install -y --no-install-recommends ca-certificates curl \
	&& rm -rf /var/lib/apt/lists/* \
	&& useradd --uid 10000 --user-group --home-dir /data --shell /usr/sbin/nologin surety \
	&& install --directory --owner surety --group surety --mode 0700 /data
USER 10000:10000
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM

FROM runtime AS provider
# Commands of tenants (order, logs, shell, vpn ...). The agent itself needs the root and the
# namespaces of its server: install its Debian package there.
COPY --from=compiled /binaries/surety-provider /usr/local/bin/
ENTRYPOINT ["surety-provider"]
CMD ["--help"]
HEALTHCHECK NONE

FROM runtime AS gateway
COPY --from=compiled /binaries/surety-gateway /usr/local/bin/
EXPOSE 8645 9645 9646
# The control listener of a gateway or of an edge.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
	CMD curl -fsS http://127.0.0.1:9645/health || curl -fsS http://127.0.0.1:9646/health
ENTRYPOINT ["surety-gateway"]
CMD ["gateway", "--config", "/data/gateway.toml", "--data", "/data/gateway"]

FROM runtime AS node
COPY --from=compiled /binaries/surety-node /usr/local/bin/
# Peers (TCP, and UDP for probes of VPNs), JSON-RPC, Prometheus. The last two listen on loopback
# until --rpc-external and --prometheus-external.
EXPOSE 30333 30333/udp 9944 9615
# The node answers. /health/readiness also asks for peers and the end of the sync.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
	CMD curl -fsS http://127.0.0.1:9944/health
# Without --base-path the data are in /data/.local/share/surety-node.
ENTRYPOINT ["surety-node"]
CMD ["--help"]
