using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Certificates;

namespace Certctl.Infrastructure.Import;

/// <summary>
/// The folder of micromdm's scepserver: <c>ca.pem</c>, <c>ca.key</c>, <c>serial</c>, <c>index.txt</c> in the form of <c>openssl ca</c> (a
/// line a certificate, six fields between tabulators), and each certificate in a file <c>CN.SERIAL.pem</c>.
/// </summary>
public static class MicromdmDepot
{
    private const string CaFile = "ca.pem";
    private const string Index = "index.txt";
    private const int Fields = 6;

    /// <exception cref="IOException">The folder, or its <c>ca.pem</c>, cannot be read.</exception>
    /// <exception cref="CryptographicException"><c>ca.pem</c> is no certificate.</exception>
    public static ForeignCertificates Read(string folder, ImportTarget target)
    {
        var ca = X509CertificateLoader.LoadCertificate(File.ReadAllBytes(Path.Combine(folder, CaFile)));
        var found = new ForeignCertificates(ca, target);
        var revoked = ReadIndex(Path.Combine(folder, Index), found.Problems);
        foreach (var path in Directory.EnumerateFiles(folder, "*.pem").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            if (name == CaFile)
                continue;
            var pem = File.ReadAllText(path);
            if (!PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] != "CERTIFICATE")
            {
                found.Problems.Add($"{name}: there is no certificate in it");
                continue;
            }

            var before = found.Found.Count;
            found.Add(name, Convert.FromBase64String(pem[fields.Base64Data]));
            if (found.Found.Count > before && revoked.TryGetValue(found.Found[^1].Certificate.SerialNumber, out var at))
                found.Found[^1] = found.Found[^1] with { RevokedAt = at.At, Reason = at.Reason };
        }

        return found;
    }

    private static Dictionary<string, (DateTimeOffset At, RevocationReason Reason)> ReadIndex(string path, List<string> problems)
    {
        var revoked = new Dictionary<string, (DateTimeOffset, RevocationReason)>(StringComparer.Ordinal);
        if (!File.Exists(path))
        {
            problems.Add($"{Index}: it is not there, so it is not known which certificates are revoked");
            return revoked;
        }

        foreach (var (number, line) in File.ReadLines(path).Index().Where(row => row.Item.Length > 0))
        {
            var fields = line.Split('\t');
            if (fields.Length != Fields || fields[0] is not ("V" or "R" or "E") || SerialOf(fields[3]) is not { } serial)
                problems.Add($"{Index}, line {number + 1}: it is none of the six fields of openssl ca");
            else if (fields[0] != "R")
                continue;
            else if (ReadRevocation(fields[2]) is not { } revocation)
                problems.Add($"{Index}, line {number + 1}: \"{fields[2]}\" is no time of a revocation");
            else
            {
                revoked[serial] = (revocation.At, revocation.Reason ?? RevocationReason.Unspecified);
                if (revocation.Reason is null)
                    problems.Add($"{Index}, line {number + 1}: the reason in \"{fields[2]}\" is not known here; it is revoked without one");
            }
        }

        return revoked;
    }

    private static string? SerialOf(string hex)
    {
        try
        {
            return IssuedCertificate.SerialText(Convert.FromHexString(hex.Length % 2 == 0 ? hex : "0" + hex));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    // Time, and perhaps a reason behind a comma; null for one that is not known.
    private static (DateTimeOffset At, RevocationReason? Reason)? ReadRevocation(string field)
    {
        var parts = field.Split(',');
        if (!DateTimeOffset.TryParseExact(
            parts[0], ["yyMMddHHmmss'Z'", "yyyyMMddHHmmss'Z'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            return null;
        return (at, parts.Length > 1 ? CertificateList.ReasonOf(parts[1]) : RevocationReason.Unspecified);
    }
}
