# The program, for `fitcluster node` in a cluster (deploy/k8s) or any other verb:
#   docker build -t fitcluster:0.1.0 .
#   docker run --rm fitcluster:0.1.0 node --help
# The runtime image has no shell and no package manager. 10.0 moves with security fixes: build again to take them; give a digest to hold one.
ARG DOTNET=10.0
FROM mcr.microsoft.com/dotnet/sdk:${DOTNET}-noble AS build
WORKDIR /source
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
COPY .editorconfig global.json Directory.Build.props Directory.Packages.props ./
COPY src/ src/
RUN dotnet publish src/Cli/Cli.csproj -c Release --nologo -v quiet -o /app

FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET}-noble-chiseled
COPY --from=build /app /app
# The only folder it writes to: results on their way to the store. A read-only root needs a volume here.
ENV PATH="/app:/usr/local/bin:/usr/bin:/bin" TMPDIR=/tmp DOTNET_EnableDiagnostics=0
WORKDIR /tmp
# `app` of the image, by number, so that Kubernetes can tell that it is not root.
USER 1654:1654
# Akka, the links, health.
EXPOSE 4053 4054 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/fitcluster"]
CMD ["--help"]
