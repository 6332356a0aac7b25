using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.EstClient.Messages;
using Certctl.Infrastructure.ScepClient.Messages;

namespace Certctl.Infrastructure.EstClient;

/// <summary>
/// What this client makes of a server's CSR attributes: which key, which digest, which extensions. What it cannot do it refuses.
/// </summary>
public sealed class CsrPlan(CsrAttributes wanted)
{
    internal const string Operation = "csrattrs";
    private const string SubjectAlternativeName = "2.5.29.17";
    private const string BasicConstraints = "2.5.29.19";

    // RFC 7030 §3.5, RFC 7894 §3.3: values that prove that the connection is the client's own.
    private static readonly Dictionary<string, string> ChannelBindings = new()
    {
        ["1.2.840.113549.1.9.7"] = "challengePassword",
        ["1.2.840.113549.1.9.16.2.56"] = "otpChallenge",
        ["1.2.840.113549.1.9.16.2.57"] = "revocationChallenge",
        ["1.2.840.113549.1.9.16.2.58"] = "estIdentityLinking",
    };

    // RFC 8017 §A.2.4, RFC 5758 §3.2: the key's algorithm and the digest of a signature.
    private static readonly Dictionary<string, (string Key, HashAlgorithmName Digest)> Signatures = new()
    {
        ["1.2.840.113549.1.1.11"] = (CsrAttributes.RsaOid, HashAlgorithmName.SHA256),
        ["1.2.840.113549.1.1.12"] = (CsrAttributes.RsaOid, HashAlgorithmName.SHA384),
        ["1.2.840.113549.1.1.13"] = (CsrAttributes.RsaOid, HashAlgorithmName.SHA512),
        ["1.2.840.10045.4.3.2"] = (CsrAttributes.EcOid, HashAlgorithmName.SHA256),
        ["1.2.840.10045.4.3.3"] = (CsrAttributes.EcOid, HashAlgorithmName.SHA384),
        ["1.2.840.10045.4.3.4"] = (CsrAttributes.EcOid, HashAlgorithmName.SHA512),
    };

    private static readonly (DeviceKeyKind Kind, string Name, string Algorithm, int Bits, string? Curve)[] Kinds =
    [
        (DeviceKeyKind.Rsa2048, "rsa-2048", CsrAttributes.RsaOid, 2048, null),
        (DeviceKeyKind.Rsa3072, "rsa-3072", CsrAttributes.RsaOid, 3072, null),
        (DeviceKeyKind.Rsa4096, "rsa-4096", CsrAttributes.RsaOid, 4096, null),
        (DeviceKeyKind.EcP256, "ec-p256", CsrAttributes.EcOid, 256, "1.2.840.10045.3.1.7"),
        (DeviceKeyKind.EcP384, "ec-p384", CsrAttributes.EcOid, 384, "1.3.132.0.34"),
        (DeviceKeyKind.EcP521, "ec-p521", CsrAttributes.EcOid, 521, "1.3.132.0.35"),
    ];

    /// <summary>
    /// Asks for the attributes (RFC 7030 §4.5.1). A server without such a list, or one that says so only to those it knows, wants nothing.
    /// </summary>
    public static async Task<CsrAttributes> FetchAsync(EstTransport transport, CancellationToken cancellationToken)
    {
        var answer = await transport.GetAsync(EstStage.CsrAttrs, Operation, "application/csrattrs", cancellationToken);

        // RFC 7030 §4.5.2: 204 and 404; §4.3.2: 501.
        if (answer.Status is 204 or 404 or 501)
            return CsrAttributes.None;
        if (answer.Status != 200)
            throw EstRefusal.Unexpected(EstStage.CsrAttrs, Operation, answer);
        return answer.MediaType == "application/csrattrs"
            ? CsrAttributes.Read(answer.Body.Span)
            : throw Unable($"the Content-Type of the answer is \"{ScepClient.ScepStageNames.Printable(answer.MediaType)}\", "
                + "not application/csrattrs");
    }

    /// <summary>Refuses what this client cannot give at all.</summary>
    public void CheckSupported()
    {
        foreach (var oid in wanted.Oids)
        {
            if (ChannelBindings.TryGetValue(oid, out var name))
                throw Unable($"the server asks for {name} ({oid}), a value bound to the TLS connection, which this platform does not give");
        }
    }

    /// <summary>The kind of a new key: the one that was chosen, else the first of the server's that this client can make.</summary>
    /// <param name="chosen">Null when the choice is free.</param>
    public DeviceKeyKind KindOf(DeviceKeyKind? chosen)
    {
        if (chosen is { } kind)
            return kind;
        if (WantedKeys() is not { Count: > 0 } keys)
            return DeviceKeyKind.Rsa2048;
        var match = keys.SelectMany(key => Kinds.Where(known => Fits(key, known.Algorithm, known.Bits, known.Curve))).ToList();
        return match.Count > 0 ? match[0].Kind : throw Unable($"the server asks for a key that this client cannot make: {Text(keys)}");
    }

    /// <summary>Tells where a key that was chosen, or the subject, is not what the server wants: it may refuse, and it may not.</summary>
    public void Remark(AsymmetricAlgorithm key, X500DistinguishedName subject, Action<string> note)
    {
        var curve = (key as ECDsa)?.ExportParameters(includePrivateParameters: false).Curve.Oid.Value;
        var algorithm = key is ECDsa ? CsrAttributes.EcOid : CsrAttributes.RsaOid;
        var keys = WantedKeys();
        if (keys.Count > 0 && !keys.Exists(wish => Fits(wish, algorithm, key.KeySize, curve)))
            note($"csrattrs: the server asks for {Text(keys)}; the request has another key, and the server may refuse it.");
        var has = subject.EnumerateRelativeDistinguishedNames().Where(part => !part.HasMultipleElements)
            .Select(part => part.GetSingleElementType().Value).ToHashSet();
        foreach (var type in wanted.Subject.Concat(wanted.Oids.Where(oid => oid.StartsWith("2.5.4.", StringComparison.Ordinal))).Distinct())
        {
            if (!has.Contains(type))
                note($"csrattrs: the server wants {type} in the subject, which the request does not have.");
        }
    }

    /// <summary>The digest that the server wants beside this key; SHA-256 where it does not say.</summary>
    public HashAlgorithmName DigestFor(AsymmetricAlgorithm key)
    {
        var algorithm = key is ECDsa ? CsrAttributes.EcOid : CsrAttributes.RsaOid;
        foreach (var oid in wanted.Oids)
        {
            if (Signatures.TryGetValue(oid, out var signature) && signature.Key == algorithm)
                return signature.Digest;
        }

        return HashAlgorithmName.SHA256;
    }

    /// <summary>
    /// The extensions of the request: the client's names, and what the server wants with a value. A CA certificate is never asked for.
    /// </summary>
    /// <param name="note">Told what the server wants and does not get.</param>
    public IReadOnlyList<X509Extension> ExtensionsBeside(X509Extension? names, Action<string> note)
    {
        var extensions = new List<X509Extension>();
        if (names is not null)
            extensions.Add(names);
        // A list may name an extension by its object identifier alone.
        foreach (var (oid, isCritical, value) in wanted.Extensions.Concat(wanted.Oids
            .Where(oid => oid.StartsWith("2.5.29.", StringComparison.Ordinal) && wanted.Extensions.All(known => known.Oid != oid))
            .Select(oid => new WantedExtension(oid, false, null))))
        {
            if (oid == BasicConstraints || (oid == SubjectAlternativeName && names is not null))
                continue;
            if (value is null)
                note($"csrattrs: the server wants the extension {oid}{(oid == SubjectAlternativeName ? " (subjectAltName)" : "")}, "
                    + "which the request does not have.");
            else
                extensions.Add(new X509Extension(oid, value, isCritical));
        }

        return extensions;
    }

    // A signature algorithm alone tells the kind of key as well.
    private List<WantedKey> WantedKeys() => wanted.Keys.Count > 0
        ? [.. wanted.Keys]
        : [.. wanted.Oids.Where(Signatures.ContainsKey).Select(oid => new WantedKey(Signatures[oid].Key, null, null)).Distinct()];

    private static bool Fits(WantedKey key, string algorithm, int bits, string? curve) => key.Algorithm == algorithm
        && (key.Bits is null || key.Bits == bits) && (key.Curve is null || key.Curve == curve);

    private static string Text(IEnumerable<WantedKey> keys) => string.Join(" or ", keys.Select(key => key switch
    {
        { Algorithm: CsrAttributes.RsaOid } => key.Bits is { } bits ? $"RSA of {bits} bits" : "RSA",
        { Algorithm: CsrAttributes.EcOid, Curve: { } curve } =>
            $"EC on {Array.Find(Kinds, kind => kind.Curve == curve).Name?.Replace("ec-p", "P-", StringComparison.Ordinal) ?? curve}",
        { Algorithm: CsrAttributes.EcOid } => "EC",
        _ => key.Algorithm,
    }));

    private static EstClientException Unable(string what) => EstClientException.Untrusted(
        EstStage.CsrAttrs, $"{what}.", "--ignore-csrattrs asks without the server's list of CSR attributes; the server may refuse then.");
}
