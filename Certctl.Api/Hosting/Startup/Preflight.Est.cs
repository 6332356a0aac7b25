using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Configuration;
using Certctl.Application.Est;

namespace Certctl.Api.Hosting.Startup;

internal static partial class Preflight
{
    private static Dictionary<string, IReadOnlyList<X509Certificate2>> LoadEstBundles(
        CertctlOptions options, DateTimeOffset now, List<PreflightCheck> checks) =>
        options.EstProfiles.Where(profile => profile.MtlsBundlePath is not null)
            .DistinctBy(profile => profile.PathId, StringComparer.Ordinal).ToDictionary(
                profile => profile.PathId,
                profile => LoadBundle(NameOf(profile.PathId, EstProtocol.Name), profile.MtlsBundlePath!, now, checks),
                StringComparer.Ordinal);
}
