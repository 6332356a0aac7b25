using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.StatusClient;

/// <summary>An AlgorithmIdentifier of a signature, and how to verify with it.</summary>
/// <param name="Der">The AlgorithmIdentifier.</param>
/// <param name="Name">As its RFC writes it; the OID where this client does not know it.</param>
/// <param name="Hash">Null: this client does not verify such signatures.</param>
public sealed record SignatureScheme(ReadOnlyMemory<byte> Der, string Name, HashAlgorithmName? Hash)
{
    private const string PssOid = "1.2.840.113549.1.1.10";
    private const string Mgf1Oid = "1.2.840.113549.1.1.8";
    private const string Pss = "RSASSA-PSS";

    // RFC 8017 §A.2, RFC 5758 §3.2, RFC 8410 §3. SHA-1 and MD5 are named and not accepted.
    private static readonly Dictionary<string, (string Name, HashAlgorithmName? Hash)> Known = new()
    {
        ["1.2.840.113549.1.1.4"] = ("md5WithRSAEncryption", null),
        ["1.2.840.113549.1.1.5"] = ("sha1WithRSAEncryption", null),
        ["1.2.840.113549.1.1.11"] = ("sha256WithRSAEncryption", HashAlgorithmName.SHA256),
        ["1.2.840.113549.1.1.12"] = ("sha384WithRSAEncryption", HashAlgorithmName.SHA384),
        ["1.2.840.113549.1.1.13"] = ("sha512WithRSAEncryption", HashAlgorithmName.SHA512),
        ["1.2.840.10045.4.1"] = ("ecdsa-with-SHA1", null),
        ["1.2.840.10045.4.3.2"] = ("ecdsa-with-SHA256", HashAlgorithmName.SHA256),
        ["1.2.840.10045.4.3.3"] = ("ecdsa-with-SHA384", HashAlgorithmName.SHA384),
        ["1.2.840.10045.4.3.4"] = ("ecdsa-with-SHA512", HashAlgorithmName.SHA512),
        ["1.3.101.112"] = ("Ed25519", null),
        ["1.3.101.113"] = ("Ed448", null),
    };

    private static readonly Dictionary<string, HashAlgorithmName> Hashes = new()
    {
        ["2.16.840.1.101.3.4.2.1"] = HashAlgorithmName.SHA256,
        ["2.16.840.1.101.3.4.2.2"] = HashAlgorithmName.SHA384,
        ["2.16.840.1.101.3.4.2.3"] = HashAlgorithmName.SHA512,
    };

    private bool IsEcdsa => Name.StartsWith("ecdsa", StringComparison.Ordinal);

    /// <summary>Null when the signature verifies with the key of the signer; else a sentence.</summary>
    public string? WhyNotSigned(X509Certificate2 signer, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        var name = ScepStageNames.Printable(signer.Subject);
        if (Hash is not { } hash)
            return $"The signature cannot be verified: {Name} is not accepted by this program.";
        try
        {
            bool? verdict = IsEcdsa ? VerifyEcdsa(signer, data, signature, hash) : VerifyRsa(signer, data, signature, hash);
            return verdict switch
            {
                true => null,
                false => $"The signature does not verify with the key of {name}.",
                null => $"The signature is {Name}, and the key of {name} is no key for that ({signer.KeyName()}).",
            };
        }
        catch (CryptographicException)
        {
            return $"The signature does not verify: the key of {name} cannot be used.";
        }
    }

    internal static SignatureScheme Read(ref AsnFields fields, string what)
    {
        var der = fields.Encoded(what);
        var inner = new AsnFields(der).Sequence(what);
        var oid = inner.Oid($"{what}.algorithm");
        if (oid == PssOid)
            return new SignatureScheme(der, Pss, PssHash(inner, $"{what}.parameters"));
        var (name, hash) = Known.GetValueOrDefault(oid, (oid, null));

        // RFC 4055 §5: NULL, or nothing, for RSA; RFC 5758 §3.2: nothing for ECDSA.
        if (inner.NextIs(UniversalTagNumber.Null) && !name.StartsWith("ecdsa", StringComparison.Ordinal))
            inner.Null($"{what}.parameters");
        if (hash is not null)
            inner.End($"{what}.parameters");
        return new SignatureScheme(der, name, hash);
    }

    private bool? VerifyRsa(
        X509Certificate2 signer, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, HashAlgorithmName hash)
    {
        using var rsa = signer.HasRsaKey() ? signer.GetRSAPublicKey() : null;
        return rsa?.VerifyData(data, signature, hash, Name == Pss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
    }

    private static bool? VerifyEcdsa(
        X509Certificate2 signer, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, HashAlgorithmName hash)
    {
        using var ec = signer.GetECDsaPublicKey();
        return ec?.KeySize is 256 or 384 or 521
            ? ec.VerifyData(data, signature, hash, DSASignatureFormat.Rfc3279DerSequence)
            : null;
    }

    // RFC 8017 §A.2.3. The platform verifies with MGF1 of the same hash and a salt as long as the hash; other parameters, and those left
    // to their defaults, which are SHA-1's, are not accepted.
    private static HashAlgorithmName? PssHash(AsnFields algorithm, string what)
    {
        var fields = algorithm.Sequence(what);
        algorithm.End(what);
        if (Explicit(ref fields, 0, what) is not { } outer || Explicit(ref fields, 1, what) is not { } mask
            || Explicit(ref fields, 2, what) is not { } salt)
            return null;
        var oid = HashOid(ref outer, what);
        var generator = mask.Sequence(what);
        if (generator.Oid(what) != Mgf1Oid || HashOid(ref generator, what) != oid || !Hashes.TryGetValue(oid, out var hash))
            return null;
        var saltLength = salt.SmallNumber(what, UniversalTagNumber.Integer);
        if (Explicit(ref fields, 3, what) is { } trailer && trailer.SmallNumber(what, UniversalTagNumber.Integer) != 1)
            return null;
        fields.End(what);
        return saltLength == (hash == HashAlgorithmName.SHA256 ? 32 : hash == HashAlgorithmName.SHA384 ? 48 : 64) ? hash : null;
    }

    private static AsnFields? Explicit(ref AsnFields fields, int number, string what) =>
        fields.NextIs(AsnFields.Context(number)) ? fields.Sequence(what, AsnFields.Context(number)) : null;

    private static string HashOid(ref AsnFields fields, string what)
    {
        var algorithm = fields.Sequence(what);
        return algorithm.Oid(what);
    }
}
