using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Access;
using Certctl.Api.Configuration.Scep;
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
    private static Dictionary<string, ComplianceMaterial> LoadCompliance(
        CertctlOptions options, DateTimeOffset now, List<PreflightCheck> checks) =>
        options.ScepProfiles.Where(profile => profile.Compliance is not null)
            .DistinctBy(profile => profile.PathId, StringComparer.Ordinal).ToDictionary(
                profile => profile.PathId,
                profile => new ComplianceMaterial(
                    LoadComplianceClient(profile, options.KeyPassphrase, now, checks), LoadComplianceRoots(profile, now, checks)));

    /// <summary>Null where a token says who asks, or where the pair cannot be used.</summary>
    public static KeyPair? LoadComplianceClient(
        ScepProfileOptions profile, Secret? passphrase, DateTimeOffset now, List<PreflightCheck> checks) =>
        profile.Compliance?.ClientCertificate is { } paths
            ? Load(
                $"{NameOf(profile.PathId)}, compliance client certificate", paths.CertPath, paths.KeyPath, passphrase, checks,
                pair => CheckShown(pair.Certificate, now))
            : null;

    public static IReadOnlyList<X509Certificate2> LoadComplianceRoots(
        ScepProfileOptions profile, DateTimeOffset now, List<PreflightCheck> checks) =>
        profile.Compliance?.CaPath is { } path
            ? LoadRoots($"{NameOf(profile.PathId)}, compliance CA bundle {path}", path, now, checks)
            : [];

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
        return now >= certificate.NotAfter.ToUniversalTime() - TlsWarning
            ? ([], [$"it expires at {certificate.NotAfter.ToUniversalTime():O}; renew it and send SIGHUP"])
            : ([], []);
    }
}
