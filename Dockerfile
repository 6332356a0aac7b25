# syntax=docker/dockerfile:1
# Build: docker build -t certctl .
# A build machine that needs its own package feed hands its NuGet.Config over as a secret, which stays out of every layer:
#   docker build --secret id=nuget,src=/path/to/NuGet.Config -t certctl .

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src

# What decides about packages comes first, so that a change of code does not restore again.
COPY global.json nuget.config Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY Certctl.Domain/Certctl.Domain.csproj Certctl.Domain/packages.lock.json Certctl.Domain/
COPY Certctl.Application/Certctl.Application.csproj Certctl.Application/packages.lock.json Certctl.Application/
COPY Certctl.Infrastructure/Certctl.Infrastructure.csproj Certctl.Infrastructure/packages.lock.json Certctl.Infrastructure/
COPY Certctl.Api/Certctl.Api.csproj Certctl.Api/packages.lock.json Certctl.Api/
RUN --mount=type=secret,id=nuget,target=/root/.nuget/NuGet/NuGet.Config,required=false \
    dotnet restore Certctl.Api/Certctl.Api.csproj --locked-mode

COPY Certctl.Domain Certctl.Domain
COPY Certctl.Application Certctl.Application
COPY Certctl.Infrastructure Certctl.Infrastructure
COPY Certctl.Api Certctl.Api
RUN dotnet publish Certctl.Api/Certctl.Api.csproj -c Release --no-restore -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# Nothing is written but the quickstart folder, if that verb is used: the container runs with a read-only root.
# DOTNET_EnableDiagnostics: the runtime would otherwise want a socket in /tmp.
ENV DOTNET_EnableDiagnostics=0 \
    CERTCTL_SERVER_HOST=0.0.0.0 \
    CERTCTL_SERVER_PORT=8443
COPY --from=build /app /app
RUN ln -s /app/certctl /usr/local/bin/certctl
WORKDIR /var/lib/certctl
# The unprivileged user of the base image. Key files must be his and of mode 0600.
USER $APP_UID
EXPOSE 8443
STOPSIGNAL SIGTERM
# All start-up checks, from inside: configuration, files, keys, database.
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s --retries=3 CMD ["certctl", "doctor"]
ENTRYPOINT ["certctl"]
CMD ["serve"]
