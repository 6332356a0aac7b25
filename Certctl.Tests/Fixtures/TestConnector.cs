using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Certctl.Tests.Fixtures;

/// <summary>
/// A connector that signs challenges, right in every respect until the test changes header, claims or signature. Shares no code with the
/// server nor with <c>certctl intune sim</c>.
/// </summary>
internal sealed class TestConnector
{
    public const string Issuer = "https://connector.example";

    private readonly AsymmetricAlgorithm _key;

    private TestConnector(AsymmetricAlgorithm key, CertificateRequest request, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        _key = key;
        Certificate = request.CreateSelfSigned(notBefore, notAfter);
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>The anchor, for a bundle.</summary>
    public string Pem => Certificate.ExportCertificatePem() + "\n";

    public static TestConnector Ec(int daysFrom = -1, int daysUntil = 365)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new(
            key,
            new CertificateRequest("CN=connector EC", key, HashAlgorithmName.SHA256),
            DateTimeOffset.UtcNow.AddDays(daysFrom),
            DateTimeOffset.UtcNow.AddDays(daysUntil));
    }

    public static TestConnector Rsa(int daysFrom = -1, int daysUntil = 365)
    {
        var key = RSA.Create(2048);
        return new(
            key,
            new CertificateRequest("CN=connector RSA", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            DateTimeOffset.UtcNow.AddDays(daysFrom),
            DateTimeOffset.UtcNow.AddDays(daysUntil));
    }

    /// <summary>Good claims for a device of this name, issued now for half an hour.</summary>
    public static JsonObject Claims(string device) => new()
    {
        ["version"] = "v1",
        ["iss"] = Issuer,
        ["sub"] = $"id of {device}",
        ["nonce"] = Guid.NewGuid().ToString(),
        ["iat"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        ["exp"] = DateTimeOffset.UtcNow.AddMinutes(30).ToUnixTimeSeconds(),
        ["device_name"] = device,
    };

    /// <summary>A signed challenge for a device of this name.</summary>
    public string For(string device, Action<JsonObject>? change = null)
    {
        var claims = Claims(device);
        change?.Invoke(claims);
        return Sign(claims.ToJsonString());
    }

    /// <summary>Signs whatever it is told to.</summary>
    public string Sign(string payload, string? header = null)
    {
        header ??= new JsonObject { ["alg"] = _key is RSA ? "RS256" : "ES256", ["typ"] = "JWT" }.ToJsonString();
        var input = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))
            + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload));
        var octets = Encoding.ASCII.GetBytes(input);
        var signature = _key is RSA rsa
            ? rsa.SignData(octets, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : ((ECDsa)_key).SignData(octets, HashAlgorithmName.SHA256);
        return input + "." + Base64Url.EncodeToString(signature);
    }

    /// <summary>What names the challenge in database and audit: SHA-256 over header and payload.</summary>
    public static string Sha256(string token) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(token[..token.LastIndexOf('.')])));
}
