using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Certificates;

namespace Certctl.Infrastructure.Import;

/// <summary>
/// Certificates as other CAs export them: PEM, one behind the other; or CSV with the columns <c>certificate</c> (DER in base64),
/// <c>revoked_at</c> (RFC 3339, may be empty) and <c>reason</c> (a name of RFC 5280 §5.3.1, may be empty), in any order, with a header.
/// </summary>
public static class CertificateList
{
    private const string Certificate = "certificate";
    private const string RevokedAt = "revoked_at";
    private const string Reason = "reason";

    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="CryptographicException"><paramref name="caFile"/> holds no certificate.</exception>
    public static ForeignCertificates Read(string caFile, string file, ImportTarget target)
    {
        var found = new ForeignCertificates(X509CertificateLoader.LoadCertificate(File.ReadAllBytes(caFile)), target);
        var text = File.ReadAllText(file);
        if (text.Contains("-----BEGIN ", StringComparison.Ordinal))
            ReadPem(text, found);
        else
            ReadCsv(text.Split('\n'), found);
        return found;
    }

    private static void ReadPem(string text, ForeignCertificates found)
    {
        var number = 0;
        for (ReadOnlySpan<char> rest = text; PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
        {
            number++;
            if (rest[fields.Label] is "CERTIFICATE")
                found.Add($"certificate {number}", Convert.FromBase64String(rest[fields.Base64Data].ToString()));
        }
    }

    // No value of these columns has a comma or a quotation mark in it.
    private static void ReadCsv(string[] lines, ForeignCertificates found)
    {
        var header = lines[0].Trim().Split(',').Select(name => name.Trim().Trim('"').ToLowerInvariant()).ToList();
        var (certificate, revoked, reason) = (header.IndexOf(Certificate), header.IndexOf(RevokedAt), header.IndexOf(Reason));
        if (certificate < 0)
        {
            found.Problems.Add($"line 1: there is no column {Certificate}");
            return;
        }

        foreach (var (index, line) in lines.Index().Skip(1).Where(row => row.Item.Trim().Length > 0))
        {
            var place = $"line {index + 1}";
            var values = line.Trim().Split(',').Select(value => value.Trim().Trim('"')).ToList();
            if (values.Count != header.Count)
                found.Problems.Add($"{place}: it has {values.Count} values under {header.Count} columns");
            else if (TryBase64(values[certificate]) is not { } der)
                found.Problems.Add($"{place}: the certificate is not in base64");
            else if (revoked < 0 || values[revoked].Length == 0)
                found.Add(place, der);
            else if (!DateTimeOffset.TryParse(values[revoked], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
                found.Problems.Add($"{place}: \"{values[revoked]}\" is no time");
            else if (reason >= 0 && values[reason].Length > 0 && ReasonOf(values[reason]) is null)
                found.Problems.Add($"{place}: \"{values[reason]}\" is no reason of RFC 5280");
            else
                found.Add(place, der, at, reason < 0 ? default : ReasonOf(values[reason]) ?? default);
        }
    }

    /// <summary>By its name in RFC 5280, upper and lower case alike; null: it is none.</summary>
    internal static RevocationReason? ReasonOf(string text) =>
        Enum.GetValues<RevocationReason>().Cast<RevocationReason?>()
            .FirstOrDefault(reason => string.Equals($"{reason}", text, StringComparison.OrdinalIgnoreCase));

    private static byte[]? TryBase64(string text)
    {
        var octets = new byte[text.Length];
        return text.Length > 0 && Convert.TryFromBase64String(text, octets, out var length) ? octets[..length] : null;
    }
}
