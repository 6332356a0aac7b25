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
# Nothing is written but the quickstart folder, if that verb is used: the container runs with a read-only root. To try it:
#   docker run --rm -p 8443:8443 -v certctl:/var/lib/certctl certctl quickstart
# DOTNET_EnableDiagnostics: the runtime would otherwise want a socket in /tmp.
ENV DOTNET_EnableDiagnostics=0 \
    CERTCTL_SERVER_HOST=0.0.0.0 \
    CERTCTL_SERVER_PORT=8443
COPY --from=build /app /app
# WORKDIR alone would make the folder root's, and quickstart could not write there; a new volume takes over owner and mode.
RUN ln -s /app/certctl /usr/local/bin/certctl && install -d -o $APP_UID -g $APP_UID -m 0700 /var/lib/certctl
WORKDIR /var/lib/certctl
# The unprivileged user of the base image. Key files must be his and of mode 0600, or root's, readable by his group, and of mode 0640.
USER $APP_UID
EXPOSE 8443
STOPSIGNAL SIGTERM
# Asks /health and no more: whether the database answers is /ready's question, and a restart of this container would not mend it.
HEALTHCHECK --interval=30s --timeout=30s --start-period=30s --retries=3 CMD ["certctl", "health"]
ENTRYPOINT ["certctl"]
CMD ["serve"]
