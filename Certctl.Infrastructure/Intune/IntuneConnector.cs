using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Certctl.Infrastructure.Crypto.Keys;

namespace Certctl.Infrastructure.Intune;

/// <summary>What a rehearsed challenge vouches for.</summary>
/// <param name="DeviceName">Null: the common name is not bound.</param>
/// <param name="Audience">Null: none.</param>
public sealed record RehearsedDevice(string Issuer, string Subject, string? DeviceName, string? Audience)
{
    public IReadOnlyList<string> DnsNames { get; init; } = [];

    public IReadOnlyList<string> MailAddresses { get; init; } = [];

    public IReadOnlyList<string> UserPrincipalNames { get; init; } = [];

    public IReadOnlyList<string> Uris { get; init; } = [];
}

/// <summary>A connector to rehearse with: its key pair lies in a folder, and it signs challenges, right ones and wrong ones.</summary>
public sealed class IntuneConnector : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const int RsaBits = 2048;

    /// <summary>What can be wrong with a challenge, and the label under which a server refuses it; empty: it must not refuse it.</summary>
    public static readonly IReadOnlyDictionary<string, string> Defects = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["der-signature"] = "",
        ["bad-signature"] = "signature_invalid",
        ["alg-none"] = "signature_invalid",
        ["hs256"] = "signature_invalid",
        ["expired"] = "expired",
        ["too-old"] = "expired",
        ["not-yet-valid"] = "not_yet_valid",
        ["wrong-audience"] = "wrong_audience",
        ["unknown-version"] = "unknown_version",
        ["malformed"] = "malformed",
        ["duplicate-claim"] = "malformed",
        ["crit"] = "malformed",
        ["missing-iss"] = "malformed",
        ["missing-sub"] = "malformed",
        ["missing-nonce"] = "malformed",
        ["missing-iat"] = "malformed",
        ["missing-exp"] = "malformed",
    };

    private readonly KeyPair _pair;

    private IntuneConnector(KeyPair pair, string bundlePath, bool isNew) => (_pair, BundlePath, IsNew) = (pair, bundlePath, isNew);

    /// <summary>PEM: what a server's INTUNE_CONNECTOR_CERT_PATH names.</summary>
    public string BundlePath { get; }

    /// <summary>It was made by this call.</summary>
    public bool IsNew { get; }

    private bool IsRsa => _pair.Key is RSA;

    /// <summary>The connector of a folder: connector.key and connector.pem, made where there are none.</summary>
    /// <param name="folder">Made with mode 0700 when absent.</param>
    /// <exception cref="IOException">Folder or files cannot be used; the message says why.</exception>
    public static IntuneConnector Open(string folder, bool rsa, DateTimeOffset now)
    {
        if (!Directory.Exists(folder))
            Directory.CreateDirectory(folder, OwnerOnly);
        var (certPath, keyPath) = (Path.Combine(folder, "connector.pem"), Path.Combine(folder, "connector.key"));
        var isNew = !File.Exists(keyPath);
        if (isNew)
            Make(certPath, keyPath, rsa, now);
        var (pair, problems) = KeyFiles.LoadPair(certPath, keyPath, passphrase: null);
        return pair is null ? throw new IOException(string.Join(" ", problems)) : new IntuneConnector(pair, certPath, isNew);
    }

    /// <summary>A challenge for the device, valid from now on for <paramref name="validity"/>, with one defect if one is named.</summary>
    /// <param name="defect">One of <see cref="Defects"/>, or null.</param>
    public string Sign(RehearsedDevice device, DateTimeOffset now, TimeSpan validity, string? defect = null)
    {
        var (header, claims) = (Header(defect), Claims(device, now, validity, defect).ToJsonString());
        if (defect == "malformed")
            claims = claims[..^1];
        if (defect == "duplicate-claim")
            claims = string.Concat("{\"sub\":\"another device\",", claims.AsSpan(1));
        var input = $"{Encode(header.ToJsonString())}.{Encode(claims)}";
        return $"{input}.{Base64Url.EncodeToString(Signature(Encoding.ASCII.GetBytes(input), defect))}";
    }

    public void Dispose() => _pair.Dispose();

    private static void Make(string certPath, string keyPath, bool rsa, DateTimeOffset now)
    {
        const string Name = "CN=Rehearsal connector";
        using AsymmetricAlgorithm key = rsa ? RSA.Create(RsaBits) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA rsaKey
            ? new CertificateRequest(Name, rsaKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(Name, (ECDsa)key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(now.AddMinutes(-5), now.AddYears(1));

        // The key last: where it is, its certificate is too.
        KeyFiles.WriteCertificates(certPath, [certificate]);
        KeyFiles.WriteKey(keyPath, key, passphrase: null);
    }

    private JsonObject Header(string? defect)
    {
        var header = new JsonObject
        {
            ["alg"] = defect switch { "alg-none" => "none", "hs256" => "HS256", _ => IsRsa ? "RS256" : "ES256" },
            ["typ"] = "JWT",
        };
        if (defect == "crit")
            (header["crit"], header["b64"]) = (new JsonArray("b64"), false);
        return header;
    }

    private static JsonObject Claims(RehearsedDevice device, DateTimeOffset now, TimeSpan validity, string? defect)
    {
        // Beyond any validity and tolerance that a server can be set to.
        var issued = defect switch { "expired" or "too-old" => now.AddDays(-3), "not-yet-valid" => now.AddDays(3), _ => now };
        var claims = new JsonObject
        {
            ["version"] = defect == "unknown-version" ? "v999" : "v1",
            ["iss"] = device.Issuer,
            ["sub"] = device.Subject,
            ["nonce"] = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)),
            ["iat"] = issued.ToUnixTimeSeconds(),
            ["exp"] = (defect == "too-old" ? now + validity : issued + validity).ToUnixTimeSeconds(),
        };
        if (defect == "wrong-audience" || device.Audience is not null)
            claims["aud"] = defect == "wrong-audience" ? "https://another-server.invalid" : device.Audience;
        if (device.DeviceName is not null)
            claims["device_name"] = device.DeviceName;
        foreach (var (name, values) in new[]
        {
            ("san_dns", device.DnsNames),
            ("san_rfc822", device.MailAddresses),
            ("san_upn", device.UserPrincipalNames),
            ("san_uri", device.Uris),
        })
        {
            if (values.Count > 0)
                claims[name] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]);
        }

        if (defect?.StartsWith("missing-", StringComparison.Ordinal) == true)
            claims.Remove(defect["missing-".Length..]);
        return claims;
    }

    private byte[] Signature(byte[] input, string? defect)
    {
        if (defect == "hs256")
            return HMACSHA256.HashData(_pair.Certificate.PublicKey.ExportSubjectPublicKeyInfo(), input);
        var signature = _pair.Key is RSA rsa
            ? rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : ((ECDsa)_pair.Key).SignData(input, HashAlgorithmName.SHA256, defect == "der-signature"
                ? DSASignatureFormat.Rfc3279DerSequence
                : DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        if (defect == "bad-signature")
            signature[^1] ^= 1;
        return signature;
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
