using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Api.Configuration.Server;
using Certctl.Application.Publication;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;

namespace Certctl.Api.Hosting.Startup;

/// <summary>A CA that issued before, as read and checked.</summary>
/// <param name="HasKey">False: the key of <paramref name="Ca"/> is the public one, and signs nothing.</param>
internal sealed record RetiredCaMaterial(KeyPair Ca, bool HasKey);

internal static partial class Preflight
{
    private const string RetiredSettings = "CERTCTL_CA_RETIRED_CERT_PATH and CERTCTL_CA_RETIRED_KEY_PATH";

    /// <param name="taken">Names in the paths of publication that the CA in use and the next one have.</param>
    public static IReadOnlyList<RetiredCaMaterial> LoadRetired(
        CertctlOptions options, IReadOnlyCollection<string> taken, DateTimeOffset now, List<PreflightCheck> checks)
    {
        var retired = new List<RetiredCaMaterial>();
        var names = taken.ToHashSet(StringComparer.Ordinal);
        foreach (var paths in options.Ca.Retired)
        {
            var name = $"retired CA {paths.CertPath}";
            var ca = paths.KeyPath is { } key
                ? Load(name, paths.CertPath, key, options.KeyPassphrase, checks, pair => Split(LocalCaIssuer.CheckRetired(pair, now)))
                : LoadWithoutKey(name, paths.CertPath, now, checks);
            if (ca is null)
                continue;

            // Whose CRL and whose responder a URL means must be one thing.
            if (!names.Add(NameOf(ca)))
            {
                checks.Add(new PreflightCheck(
                    name,
                    [$"it has the key identifier of the CA in use, of the next CA or of another retired CA, whose CRL and OCSP responder "
                        + $"serve its certificates too; take it out of {RetiredSettings}"],
                    []));
            }

            retired.Add(new RetiredCaMaterial(ca, paths.KeyPath is not null));
        }

        return retired;
    }

    private static string NameOf(KeyPair ca) => IssuerNames.Of(CaSettings.LocalIssuer, LocalCaIssuer.KeyIdOf(ca.Certificate));

    private static KeyPair? LoadWithoutKey(string name, string certPath, DateTimeOffset now, List<PreflightCheck> checks)
    {
        var (certificates, unreadable) = KeyFiles.LoadCertificates(certPath);
        if (unreadable.Count > 0)
        {
            checks.Add(new PreflightCheck(name, unreadable, []));
            return null;
        }

        var certificate = certificates[0];
        if (((AsymmetricAlgorithm?)certificate.GetRSAPublicKey() ?? certificate.GetECDsaPublicKey()) is not { } key)
        {
            checks.Add(new PreflightCheck(name, ["its key is neither RSA nor ECDSA, so it was no CA of this server; take it out"], []));
            return null;
        }

        var ca = new KeyPair(certificate, key, [.. certificates.Skip(1)]);
        var (problems, warnings) = Split(LocalCaIssuer.CheckRetired(ca, now));
        checks.Add(new PreflightCheck(
            name,
            problems,
            [.. warnings, "it is without its key: its last CRL is served until nextUpdate and OCSP until the kept "
                + "responder ends, and what is "
                + "revoked from now on, relying parties do not learn"]));
        return ca;
    }
}
