using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Access;
using Certctl.Api.Configuration.Compliance;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.Mtls;

namespace Certctl.Api.Hosting.Startup;

/// <summary>The files of one profile's compliance service as read and checked.</summary>
/// <param name="Client">Shown to the service; null where a token says who asks.</param>
/// <param name="Roots">Of the service's certificate; empty: those of this machine.</param>
internal sealed record ComplianceMaterial(KeyPair? Client, IReadOnlyList<X509Certificate2> Roots);

internal static partial class Preflight
{
    private static Dictionary<(EndpointNaming Naming, string PathId), ComplianceMaterial> LoadCompliance(
        CertctlOptions options, DateTimeOffset now, List<PreflightCheck> checks) =>
        ComplianceEndpoint.Of(options).DistinctBy(endpoint => (endpoint.Naming, endpoint.PathId)).ToDictionary(
            endpoint => (endpoint.Naming, endpoint.PathId),
            endpoint => new ComplianceMaterial(
                LoadComplianceClient(endpoint, options.KeyPassphrase, now, checks), LoadComplianceRoots(endpoint, now, checks)));

    /// <summary>Null where a token says who asks, or where the pair cannot be used.</summary>
    public static KeyPair? LoadComplianceClient(
        ComplianceEndpoint endpoint, Secret? passphrase, DateTimeOffset now, List<PreflightCheck> checks) =>
        endpoint.Service.ClientCertificate is { } paths
            ? Load(
                $"{NameOf(endpoint)}, compliance client certificate", paths.CertPath, paths.KeyPath, passphrase, checks,
                pair => CheckShown(pair.Certificate, now))
            : null;

    public static IReadOnlyList<X509Certificate2> LoadComplianceRoots(
        ComplianceEndpoint endpoint, DateTimeOffset now, List<PreflightCheck> checks) =>
        endpoint.Service.CaPath is { } path
            ? LoadRoots($"{NameOf(endpoint)}, compliance CA bundle {path}", path, now, checks)
            : [];

    private static string NameOf(ComplianceEndpoint endpoint) => NameOf(endpoint.PathId, endpoint.Naming.Protocol);

    public static IReadOnlyList<X509Certificate2> LoadOidcRoots(OidcOptions? oidc, DateTimeOffset now, List<PreflightCheck> checks) =>
        oidc?.CaPath is { } path ? LoadRoots($"OpenID Connect CA bundle {path}", path, now, checks) : [];

    private static IReadOnlyList<X509Certificate2> LoadRoots(string name, string path, DateTimeOffset now, List<PreflightCheck> checks)
    {
        var (anchors, problems, warnings) = TrustBundle.Load(path, now);

        // The platform believes a path only where it ends in itself.
        if (anchors.Count > 0 && !anchors.Any(anchor => anchor.SubjectName.RawData.AsSpan().SequenceEqual(anchor.IssuerName.RawData)))
            problems = ["no root is in it, only intermediate CAs; add the root that they lead to"];
        checks.Add(new PreflightCheck(name, problems, warnings));
        return anchors;
    }

    private static (IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) CheckShown(
        X509Certificate2 certificate, DateTimeOffset now)
    {
        if (now < certificate.NotBefore.ToUniversalTime())
            return ([$"it is not valid before {certificate.NotBefore.ToUniversalTime():O}; check the clock"], []);
        if (now >= certificate.NotAfter.ToUniversalTime())
            return ([$"it expired at {certificate.NotAfter.ToUniversalTime():O}; the service will not accept it"], []);
        return ExpiryRule.IsSoon(certificate.NotAfter.ToUniversalTime(), now)
            ? ([], [$"it expires at {certificate.NotAfter.ToUniversalTime():O}; renew it and send SIGHUP"])
            : ([], []);
    }
}
