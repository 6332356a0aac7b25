using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Api.Commands.Enrolling;

/// <summary>What a verb says of the certificate that it got, and of the files that it wrote.</summary>
internal sealed record IssuedReport(X509Certificate2 Certificate, string CertificateFile, string ChainFile, string KeyFile)
{
    /// <param name="more">Lines of the protocol: at most 12 characters, and what they say.</param>
    public string AsText(params IReadOnlyList<(string Name, string Value)> more)
    {
        (string Name, string Value)[] lines =
        [
            ("subject", ScepStageNames.Printable(Certificate.Subject)),
            ("issuer", ScepStageNames.Printable(Certificate.Issuer)),
            ("serial", Certificate.SerialNumber),
            ("valid", $"{Certificate.NotBefore.ToUniversalTime():u} to {Certificate.NotAfter.ToUniversalTime():u}"),
            .. more,
            ("SHA-256", Certificate.Sha256Fingerprint()),
        ];
        return string.Join('\n',
        [
            "Certificate issued and verified.",
            .. lines.Select(line => $"  {line.Name,-12} {line.Value}"),
            $"Written: {CertificateFile} (certificate), {ChainFile} (chain), {KeyFile} (key).",
        ]);
    }

    /// <param name="more">Members of the protocol.</param>
    public IReadOnlyDictionary<string, object> AsJson(params IReadOnlyList<(string Name, object Value)> more)
    {
        var members = new Dictionary<string, object>
        {
            ["status"] = "issued",
            ["subject"] = ScepStageNames.Printable(Certificate.Subject),
            ["issuer"] = ScepStageNames.Printable(Certificate.Issuer),
            ["serial"] = Certificate.SerialNumber,
            ["not_before"] = new DateTimeOffset(Certificate.NotBefore.ToUniversalTime()),
            ["not_after"] = new DateTimeOffset(Certificate.NotAfter.ToUniversalTime()),
            ["sha256_fingerprint"] = Certificate.Sha256Fingerprint(),
            ["certificate"] = CertificateFile,
            ["chain"] = ChainFile,
            ["key"] = KeyFile,
        };
        foreach (var (name, value) in more)
            members.Add(name, value);
        members.Add("exit_code", 0);
        return members;
    }
}
