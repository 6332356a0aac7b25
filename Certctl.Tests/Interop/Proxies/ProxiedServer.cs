using Certctl.Tests.Conformance.Mtls;

namespace Certctl.Tests.Interop.Proxies;

/// <summary>
/// The profiles of <see cref="MtlsServer"/>, and EST's <c>maker</c>, which takes a password or a certificate of the maker of <c>a</c>, behind
/// proxies at 127.0.0.1 that pass certificates on, and others at 127.0.0.2 that are trusted, too.
/// </summary>
public class ProxiedServer : MtlsServer
{
    internal const string Header = "X-SSL-Client-Cert";
    internal const string Password = "the password of the label maker";

    protected override IEnumerable<(string Name, string Value)> More =>
    [
        ("CERTCTL_TRUSTED_PROXIES", "127.0.0.1/32,127.0.0.2/32"),
        ("CERTCTL_PROXY_CLIENT_CERT_HEADER", Header),
        ("CERTCTL_EST_ENABLED", "true"),
        ("CERTCTL_EST_PROFILES", "maker"),
        ("CERTCTL_EST_PROFILE_MAKER_ISSUER_ID", "iss-local"),
        ("CERTCTL_EST_PROFILE_MAKER_ALLOWED_AUTH_MODES", "basic,mtls"),
        ("CERTCTL_EST_PROFILE_MAKER_ENROLLMENT_PASSWORD", Password),
        ("CERTCTL_EST_PROFILE_MAKER_MTLS_ENABLED", "true"),
        ("CERTCTL_EST_PROFILE_MAKER_MTLS_CLIENT_CA_TRUST_BUNDLE_PATH", BundlePath("a")),
    ];
}

/// <summary>The same, where proxies pass TLS through and speak the PROXY protocol.</summary>
public sealed class PassedThroughServer : ProxiedServer
{
    protected override IEnumerable<(string Name, string Value)> More =>
        base.More.Where(setting => setting.Name != "CERTCTL_PROXY_CLIENT_CERT_HEADER").Append(("CERTCTL_PROXY_PROTOCOL", "true"));
}
