namespace Certctl.Api.Configuration;

/// <summary>One variable of the server.</summary>
/// <param name="Name">Full name; for those of a SCEP profile the suffix alone.</param>
/// <param name="Default">What holds when it is not set; null: nothing, or required.</param>
/// <param name="Description">For the documentation: meaning, form, bounds.</param>
/// <param name="IsSecret">May be given as <c>NAME_FILE</c> instead; its value is never shown.</param>
internal sealed record Setting(string Name, string? Default, string Description, bool IsSecret = false);

/// <summary>
/// Every variable that the server knows. Parsing, the search for misspelt names and docs/configuration.md all go by this table.
/// </summary>
internal static class KnownSettings
{
    public const string FileSuffix = "_FILE";
    public const string Prefix = "CERTCTL_";
    public const string FlatPrefix = "CERTCTL_SCEP_";
    public const string ProfilePrefix = "CERTCTL_SCEP_PROFILE_";

    public static readonly IReadOnlyList<Setting> Global =
    [
        new("CERTCTL_SERVER_HOST", "127.0.0.1", "Address to listen on: an IP address or a name that resolves to one."),
        new("CERTCTL_SERVER_PORT", "8080", "Port, 0 to 65535; 0 takes a free one."),
        new("CERTCTL_MAX_BODY_SIZE", "1048576", "Largest request body in octets, 4096 to 16777216."),
        new("CERTCTL_SERVER_MAX_IN_FLIGHT", "4096", "PKIOperations that are worked on at once, 1 to 10000; further ones get 503 with Retry-After."),
        new("CERTCTL_SERVER_TLS_CERT_PATH", null, "Required. PEM: the server certificate, then its chain. Read again on SIGHUP."),
        new("CERTCTL_SERVER_TLS_KEY_PATH", null, "Required. PEM private key, mode 0600. Read again on SIGHUP."),
        new("CERTCTL_DATABASE_URL", null, "Required. `postgres://user:password@host:port/database?sslmode=…`, several hosts by commas, or `sqlite:///absolute/path`.", IsSecret: true),
        new("CERTCTL_DATABASE_MAX_CONNS", "25", "Connections to PostgreSQL, 3 to 500: a quarter of them, at least 3, for lists and exports, the others, at least 3, for all else."),
        new("CERTCTL_DATABASE_DEADLINE", "10s", "How long one request may wait for the database, all its questions together, 1s to 60s; then, and at once while the database is known to hang, 503 with Retry-After (docs/operations.md)."),
        new("CERTCTL_AUTH_TYPE", "api-key", "Who may use the REST API: `api-key`, all who have a key; `none`, all who reach it, on loopback alone."),
        new("CERTCTL_API_KEYS_NAMED", null, "Comma-separated keys of the REST API: `name:key` or `name:key:role`, role `admin`, `operator` (unless said) or `auditor`. The same name with two keys overlaps during rotation. Without a key no request is let in.", IsSecret: true),
        new("CERTCTL_OIDC_AUTHORITY", null, "https URL of an OpenID Connect issuer whose bearer tokens are taken at the REST API beside the keys."),
        new("CERTCTL_OIDC_AUDIENCE", null, "Required with `CERTCTL_OIDC_AUTHORITY`. What `aud` of a token must hold."),
        new("CERTCTL_OIDC_ROLE_MAP", null, "Required with `CERTCTL_OIDC_AUTHORITY`. Comma-separated `value=role`: which value of the role claim is `admin`, `operator` or `auditor`. Of several the highest counts; a token with none of them may nothing."),
        new("CERTCTL_OIDC_ROLE_CLAIM", "roles", "The claim that holds those values, one or many."),
        new("CERTCTL_OIDC_NAME_CLAIM", "sub", "The claim that names the actor; `oidc:` stands before it in the audit trail."),
        new("CERTCTL_OIDC_CA_PATH", null, "PEM: the roots that the issuer's TLS certificate must lead to, instead of those of this machine. Read at start."),
        new("CERTCTL_SCEP_PROBE_ENABLED", "false", "Let operators have other SCEP servers asked from here, by the REST API."),
        new("CERTCTL_SCEP_PROBE_ALLOW", null, "Comma-separated networks (`10.20.0.0/16`) that may be asked although they are private or otherwise reserved. None unless named."),
        new("CERTCTL_RATE_LIMIT_ENABLED", "true", "Bound how fast one may ask the REST API, `/openapi` and `/metrics`; beyond: 429 with Retry-After. Each process counts for itself. Devices are not counted here."),
        new("CERTCTL_RATE_LIMIT_RPS", "50", "Requests a second from one address (of IPv6: one /64), before it is known who asks, 1 to 100000."),
        new("CERTCTL_RATE_LIMIT_BURST", "100", "So many of them at once, 1 to 100000."),
        new("CERTCTL_RATE_LIMIT_PER_USER_RPS", "0", "Requests a second of one actor, 0 to 100000; 0: as `CERTCTL_RATE_LIMIT_RPS`."),
        new("CERTCTL_RATE_LIMIT_PER_USER_BURST", "0", "So many of them at once, 0 to 100000; 0: as `CERTCTL_RATE_LIMIT_BURST`."),
        new("CERTCTL_CORS_ORIGINS", null, "Comma-separated origins (`https://portal.example.com`) of web pages of others whose scripts may use the REST API. None unless named; `*` is refused."),
        new("CERTCTL_METRICS_ENABLED", "false", "Serve figures for Prometheus at `/metrics`."),
        new("CERTCTL_METRICS_TOKEN", null, "What Prometheus must show as bearer token; at least 16 characters. Without it all who reach the server can read `/metrics`.", IsSecret: true),
        new("CERTCTL_OTLP_ENDPOINT", null, "http(s) URL of an OpenTelemetry collector: figures and traces are sent to `…/v1/metrics` and `…/v1/traces` below it."),
        new("CERTCTL_LOG_LEVEL", "info", "`debug`, `info`, `warn` or `error`."),
        new("CERTCTL_LOG_FORMAT", "json", "`json` or `text`. Logs go to standard error."),
        new("CERTCTL_CA_CERT_PATH", null, "Required. PEM: the issuing CA's certificate, then the CAs above it up to the root."),
        new("CERTCTL_CA_KEY_PATH", null, "Required. PEM private key of the issuing CA, mode 0600."),
        new("CERTCTL_CA_VALIDITY_DAYS", "90", "Life of a certificate in days, 1 to 3650, where the certificate profile does not shorten it."),
        new("CERTCTL_CA_CRL_URLS", null, "Comma-separated http(s) URLs for cRLDistributionPoints."),
        new("CERTCTL_CA_OCSP_URL", null, "http(s) URL of the OCSP responder for authorityInfoAccess."),
        new("CERTCTL_CA_ISSUERS_URL", null, "http(s) URL of the CA certificate for authorityInfoAccess."),
        new("CERTCTL_KEY_PASSPHRASE", null, "Opens every private key file that is encrypted.", IsSecret: true),
        new("CERTCTL_SCEP_ENABLED", "false", "Serve SCEP."),
        new("CERTCTL_CA_NEXT_CERT_PATH", null, "PEM: the CA that follows, then the CAs above it. Staged: GetNextCACert hands it out, and it issues to who asks its RA. Already valid; read at start."),
        new("CERTCTL_CA_NEXT_KEY_PATH", null, "Its PEM private key, mode 0600."),
        new("CERTCTL_SCEP_PROFILES", null, "Comma-separated names: `corp,iot` serves `/scep/corp` and `/scep/iot` from `CERTCTL_SCEP_PROFILE_CORP_…` and so on. The flat form then has no effect."),
        new("CERTCTL_SERVER_MTLS_PORT", null, "A port of its own for `/scep-mtls`, 0 to 65535; 0 takes a free one. The main port then asks for no client certificate and does not serve `/scep-mtls`."),
    ];

    /// <summary>
    /// Suffixes: <c>CERTCTL_SCEP_</c>… for the root profile alone, <c>CERTCTL_SCEP_PROFILE_NAME_</c>… for each named one.
    /// </summary>
    public static readonly IReadOnlyList<Setting> ScepProfile =
    [
        new("ISSUER_ID", "iss-local", "Issuer. Required for named profiles; this version has `iss-local` alone."),
        new("PROFILE_ID", "default", "Certificate profile: what may be issued (`certctl profiles list`)."),
        new("CHALLENGE_PASSWORD", null, "Required, unless `CHALLENGE_MODE` is `intune-only`. The shared secret that devices present; at least 8 characters, 16 advised.", IsSecret: true),
        new("CHALLENGE_PASSWORD_PREVIOUS", null, "Accepted beside the current one while that is rolled out.", IsSecret: true),
        new("RA_CERT_PATH", null, "Required. PEM certificate of the RA; several, comma-separated, overlap during rotation. Read again on SIGHUP."),
        new("RA_KEY_PATH", null, "Required. PEM RSA key of the RA, mode 0600; as many as certificates, in the same order."),
        new("EXTRA_CAPABILITIES", null, "Comma-separated lines to add to GetCACaps: `SHA-384`, `DES3`, `SHA-1`."),
        new("RETRY_WINDOW", "1h", "How long the same request gets the same certificate again, 0s to 24h."),
        new("RENEWAL_ALLOW_NAME_CHANGE", "false", "A renewal may ask for another subject or other SANs."),
        new("NEXT_RA_CERT_PATH", null, "PEM certificate of the RA below the next CA; required once `CERTCTL_CA_NEXT_CERT_PATH` is set. Several: as for `RA_CERT_PATH`. Read at start."),
        new("NEXT_RA_KEY_PATH", null, "Its PEM RSA key, mode 0600, and no key of a current RA; as many as certificates, in the same order."),
        new("PENDING_WINDOW", "168h", "How long a request waits for an operator before it lapses, 1m to 2160h."),
        new("CRYPTO_POLICY", "compatible", "Algorithms that are taken: `modern` (AES, SHA-256, SHA-384, SHA-512), `compatible` (also 3DES and SHA-1), `legacy` (also single DES and MD5)."),
        new("MTLS_ENABLED", "false", "Serve this profile also at `/scep-mtls`, to clients that show a TLS client certificate and know the challenge."),
        new("MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", null, "Required with `MTLS_ENABLED`. PEM: the CAs whose client certificates are let in. Read again on SIGHUP."),
        new("COMPLIANCE_URL", null, "https URL of a service that is asked before each certificate whether the device is compliant (docs/compliance.md)."),
        new("COMPLIANCE_BEARER_TOKEN", null, "Sent to the service as `Authorization: Bearer`. This or the client certificate is required with `COMPLIANCE_URL`.", IsSecret: true),
        new("COMPLIANCE_CLIENT_CERT_PATH", null, "PEM: the certificate shown to the service, then its chain. Read at start."),
        new("COMPLIANCE_CLIENT_KEY_PATH", null, "Its PEM private key, mode 0600."),
        new("COMPLIANCE_CA_PATH", null, "PEM: the roots that the service's certificate must lead to, instead of those of this machine. Read at start."),
        new("COMPLIANCE_TIMEOUT", "2s", "How long an enrolment waits for the service, all attempts together, 1s to 30s."),
        new("COMPLIANCE_ON_ERROR", "deny", "When the service gives no usable answer: `deny` refuses, `allow` lets the device through and says so in the audit."),
        new("ALLOW_RAW_CSR", "true", "Serve a PKCS#10 in the clear too, protected by TLS alone (ADR 14); `false`: pkiMessages only."),
        new("CHALLENGE_MODE", null, "Which challenges are taken: `mixed`, `intune-only` or `static-only`. Unless set, `mixed` with `INTUNE_ENABLED` and else `static-only` (docs/intune.md)."),
        new("INTUNE_ENABLED", "false", "Take signed challenges."),
        new("INTUNE_CONNECTOR_CERT_PATH", null, "Required with `INTUNE_ENABLED`. PEM: the certificates of the connectors whose challenges are believed. Read again on SIGHUP."),
        new("INTUNE_AUDIENCE", null, "What `aud` of a challenge must be, to the letter; not looked at where this is not set."),
        new("INTUNE_CHALLENGE_VALIDITY", "60m", "How old a challenge may be, 1m to 24h."),
        new("INTUNE_CLOCK_SKEW_TOLERANCE", "60s", "How far the connector's clock may be off; below the validity."),
        new("INTUNE_PER_DEVICE_RATE_LIMIT_24H", "3", "Certificates for one device in any 24 hours, 0 to 1000; 0: any number."),
        new("CLIENT_PRESET", "default", $"The devices of this path: `{string.Join("`, `", ClientPreset.All.Select(preset => preset.Name))}`. Decides what `GETCACERT`, `REPLY_CHAIN` and `EXTRA_CAPABILITIES` are where they are not set (docs/clients.md)."),
        new("GETCACERT", "ra+chain", "What GetCACert hands out: `ra+chain`, `ra+issuer`, `chain` or `issuer`; the last two only where the issuing CA is its own RA."),
        new("REPLY_CHAIN", "leaf", "What an enrolled device gets: `leaf`, `leaf+issuer` or `chain`, the issued certificate first."),
    ];

    /// <summary>Names for the client's side, which quickstart.env sets: known, and no concern of the server.</summary>
    public static readonly IReadOnlyList<string> ClientSide = ["CERTCTL_URL", "CERTCTL_SCEP_URL", "CERTCTL_CA_FILE", "CERTCTL_CHALLENGE", "CERTCTL_API_KEY"];

    /// <summary>The test suite's own.</summary>
    public const string TestPrefix = "CERTCTL_TEST_";

    /// <summary>Beginnings of names that operators know from the upstream product and that this version does not have.</summary>
    public static readonly IReadOnlyList<string> NotYet =
    [
        "CERTCTL_AUTH_SECRET", "CERTCTL_AGENT_", "CERTCTL_CONFIG_ENCRYPTION_KEY", "CERTCTL_KEYGEN_",
        "CERTCTL_APPROVAL_", "CERTCTL_CRL_", "CERTCTL_OCSP_", "CERTCTL_CERT_EXPORT_", "CERTCTL_EST_", "CERTCTL_AUDIT_", "CERTCTL_DEMO_SEED", "CERTCTL_DATABASE_MIGRATIONS_PATH",
    ];
}
