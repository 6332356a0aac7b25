using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>What GetCACert answered (RFC 8894 §4.2.1), in the server's order; not verified yet, see <see cref="Trust"/>.</summary>
public sealed class CaCertificates : IDisposable
{
    private const int MostCertificates = 32;

    private CaCertificates(IReadOnlyList<X509Certificate2> all, bool isBag)
    {
        All = all;
        IsBag = isBag;
    }

    public IReadOnlyList<X509Certificate2> All { get; }

    /// <summary>True for <c>application/x-x509-ca-ra-cert</c>.</summary>
    public bool IsBag { get; }

    public void Dispose()
    {
        foreach (var certificate in All)
            certificate.Dispose();
    }

    public static CaCertificates Parse(ScepAnswer answer)
    {
        try
        {
            return answer.ContentType switch
            {
                // RFC 8894 §4.2.1.1: one certificate; §4.2.1.2: a certificates-only SignedData.
                "application/x-x509-ca-cert" =>
                    new CaCertificates([X509CertificateLoader.LoadCertificate(answer.Body).ReadWhole()], isBag: false),
                "application/x-x509-ca-ra-cert" => new CaCertificates(Unpack(answer.Body), isBag: true),
                _ => throw Wrong($"the Content-Type is \"{ScepStageNames.Printable(answer.ContentType)}\", "
                    + "not application/x-x509-ca-cert or application/x-x509-ca-ra-cert"),
            };
        }
        catch (CryptographicException trouble)
        {
            throw Wrong("it is neither a certificate nor a bag of certificates", trouble);
        }
    }

    /// <summary>
    /// Decides whom to believe: with a fingerprint only what the CA with that fingerprint vouches for; without one every CA in the answer,
    /// which then is as good as the TLS connection it came over.
    /// </summary>
    public CaTrust Trust(CaFingerprint? fingerprint, DateTimeOffset now)
    {
        var anchors = All.Where(certificate => fingerprint?.Fits(certificate) ?? certificate.IsCa()).ToList();
        if (fingerprint is not null && anchors.Count == 0)
        {
            throw new ScepClientException(ScepStage.GetCaCert, ScepClientFault.Untrusted,
                "no certificate of the server has the fingerprint that was given; it offers "
                    + $"{string.Join(", ", All.Select(fingerprint.Of))}.",
                "Either the fingerprint is mistyped or outdated, or this is not the CA you mean. Ask the operator of the CA; "
                    + "do not just copy what the server says.");
        }

        if (anchors.Find(anchor => !anchor.IsCa()) is { } leaf)
            throw Wrong($"the certificate with the given fingerprint ({ScepStageNames.Printable(leaf.Subject)}) is no CA certificate");
        if (anchors.Count == 0)
            throw Wrong("there is no CA certificate in it");
        if (!anchors.Exists(anchor => anchor.IsValidAt(now)))
            throw Wrong($"the CA certificate {ScepStageNames.Printable(anchors[0].Subject)} is not valid now "
                + $"({anchors[0].NotBefore.ToUniversalTime():u} to {anchors[0].NotAfter.ToUniversalTime():u})");

        var trusted = All.Where(
            certificate => CertificatePath.Find(certificate, All, anchors, now) is not null && certificate.IsValidAt(now)).ToList();
        return new CaTrust(trusted, [.. anchors.Where(anchor => anchor.IsValidAt(now))], isPinned: fingerprint is not null);
    }

    private static X509Certificate2[] Unpack(byte[] body)
    {
        var bag = new SignedCms();
        bag.Decode(body);
        if (bag.Certificates.Count is 0 or > MostCertificates)
            throw Wrong($"it holds {bag.Certificates.Count} certificates; 1 to {MostCertificates} make sense");
        return [.. bag.Certificates.Select(certificate => certificate.ReadWhole())];
    }

    private static ScepClientException Wrong(string what, Exception? inner = null) => new(ScepStage.GetCaCert, ScepClientFault.Untrusted,
        $"the CA certificates that the server sent cannot be used: {what}.",
        "Check the URL with `certctl scep probe`; the server's RA and CA certificates have to be put right there.",
        inner);
}

/// <summary>The certificates that may play a part in this enrolment.</summary>
public sealed class CaTrust
{
    internal CaTrust(IReadOnlyList<X509Certificate2> trusted, IReadOnlyList<X509Certificate2> anchors, bool isPinned)
    {
        Trusted = trusted;
        Anchors = anchors;
        IsPinned = isPinned;

        // RFC 8894 §2.1.2: digitalSignature to sign a CertRep, keyEncipherment to receive a request. An RA comes before the CA: where both
        // may decrypt, the RA is the one that the server runs for it.
        Verifiers = [.. trusted.Where(certificate => certificate.MayUse(X509KeyUsageFlags.DigitalSignature))
            .OrderBy(certificate => certificate.IsCa())];
        Recipient = trusted.Where(certificate => certificate.HasRsaKey() && certificate.MayUse(X509KeyUsageFlags.KeyEncipherment))
            .OrderBy(certificate => certificate.IsCa()).ThenBy(IsAboveAnother).FirstOrDefault();
        IssuingCa = trusted.Where(certificate => certificate.IsCa()).OrderBy(IsAboveAnother)
            .ThenByDescending(certificate => certificate.NotAfter).FirstOrDefault();

        bool IsAboveAnother(X509Certificate2 ca) => trusted.Any(other => other.IsCa() && !other.SameAs(ca)
            && other.IssuerName.RawData.AsSpan().SequenceEqual(ca.SubjectName.RawData));
    }

    /// <summary>Everything that is valid now and chains to an anchor, in the server's order.</summary>
    public IReadOnlyList<X509Certificate2> Trusted { get; }

    /// <summary>The CA certificates that are believed.</summary>
    public IReadOnlyList<X509Certificate2> Anchors { get; }

    /// <summary>True when a fingerprint was given and found.</summary>
    public bool IsPinned { get; }

    /// <summary>Who may sign a reply.</summary>
    public IReadOnlyList<X509Certificate2> Verifiers { get; }

    /// <summary>The certificate that requests are encrypted to; null when there is none.</summary>
    public X509Certificate2? Recipient { get; }

    /// <summary>The CA lowest in the chain.</summary>
    public X509Certificate2? IssuingCa { get; }
}

/// <summary>A fingerprint as it is handed over; its length tells the digest.</summary>
public sealed class CaFingerprint
{
    private readonly byte[] _value;
    private readonly HashAlgorithmName _digest;

    private CaFingerprint(byte[] value, HashAlgorithmName digest)
    {
        _value = value;
        _digest = digest;
    }

    /// <summary>
    /// Hex, in any case, with or without colons, dashes or blanks. MD5 is refused: two certificates can be made to share one.
    /// </summary>
    public static CaFingerprint Parse(string text)
    {
        var hex = string.Concat(text.Where(c => c is not (':' or '-' or ' ')));
        HashAlgorithmName? digest = hex.Length switch
        {
            40 => HashAlgorithmName.SHA1,
            64 => HashAlgorithmName.SHA256,
            96 => HashAlgorithmName.SHA384,
            128 => HashAlgorithmName.SHA512,
            _ => null,
        };
        if (digest is not { } known || !hex.All(char.IsAsciiHexDigit))
        {
            throw new ScepClientException(
                ScepStage.Prepare,
                ScepClientFault.Usage,
                "the CA fingerprint is not hex of 64 digits (SHA-256), nor of 40, 96 or 128 (SHA-1, SHA-384, SHA-512).",
                "Get it from the operator of the CA: openssl x509 -in ca.crt -noout -fingerprint -sha256");
        }

        return new CaFingerprint(Convert.FromHexString(hex), known);
    }

    public bool Fits(X509Certificate2 certificate) => certificate.GetCertHash(_digest).AsSpan().SequenceEqual(_value);

    internal string Of(X509Certificate2 certificate) =>
        $"{_digest.Name} {certificate.GetCertHashString(_digest)} ({ScepStageNames.Printable(certificate.Subject)})";
}
