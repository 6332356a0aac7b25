using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;
using OpenSsl = Certctl.Tests.Fixtures.OpenSsl;

namespace Certctl.Tests.Conformance.Rfc8894;

/// <summary>What a certificate profile adds or tolerates (docs/profiles.md), over the wire, as openssl reads it.</summary>
public sealed class ProfileContentTests : IAsyncLifetime, IDisposable
{
    private const string NameValuePair = "1.3.6.1.4.1.311.13.2.1";

    private readonly TemporaryFolder _folder = new();
    private CertctlHost? _host;
    private ScepWire? _wire;

    private CertctlHost Host => _host!;

    private ScepWire Wire => _wire!;

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.StartAsync(null);
        _wire = Host.Connect();
        var settings = new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = Host.DatabaseUrl };
        var profile = JsonNode.Parse((await CommandLine.RunAsync(settings, ["profiles", "show", "default"])).MustSucceed().Output)!;
        profile["allowed_key_algorithms"] = new JsonArray(Rule("RSA", 2048), Rule("ECDSA", 256), Rule("Ed25519", 0));
        profile["max_ttl_seconds"] = 30 * 86_400;
        profile["allow_requested_validity"] = true;
        profile["allow_dns_underscore"] = true;
        await File.WriteAllTextAsync(_folder["profile.json"], profile.ToJsonString());
        (await CommandLine.RunAsync(settings, ["profiles", "put", _folder["profile.json"]])).MustSucceed();
    }

    public async Task DisposeAsync()
    {
        Wire.Dispose();
        await Host.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_Ed25519_key_is_certified_where_nothing_is_encrypted_to_it()
    {
        await File.WriteAllTextAsync(
            _folder["req.cnf"],
            $"[req]\nprompt=no\ndistinguished_name=dn\nattributes=attrs\n[dn]\nCN=edwards\n[attrs]\nchallengePassword={Host.Challenge}\n");
        OpenSsl.Run("genpkey", "-algorithm", "ED25519", "-out", _folder["key.pem"]);
        OpenSsl.Run(
            "req", "-new", "-key", _folder["key.pem"], "-config", _folder["req.cnf"], "-outform", "DER", "-out", _folder["csr.der"]);

        using var answer = await Wire.PostAsync(await File.ReadAllBytesAsync(_folder["csr.der"]), contentType: null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await File.WriteAllBytesAsync(_folder["reply.der"], await answer.Content.ReadAsByteArrayAsync());
        OpenSsl.Run("pkcs7", "-inform", "DER", "-in", _folder["reply.der"], "-print_certs", "-out", _folder["certs.pem"]);
        var text = OpenSsl.Run("x509", "-in", _folder["certs.pem"], "-noout", "-text");
        Assert.Contains("Public Key Algorithm: ED25519", text, StringComparison.Ordinal);
        Assert.Contains("X509v3 Key Usage: critical\n                Digital Signature\n", text, StringComparison.Ordinal);
        Assert.Contains(": OK", OpenSsl.Run("verify", "-CAfile", Host.CaFile, _folder["certs.pem"]), StringComparison.Ordinal);
        Assert.Equal(
            OpenSsl.Run("pkey", "-in", _folder["key.pem"], "-pubout"),
            OpenSsl.Run("x509", "-in", _folder["certs.pem"], "-noout", "-pubkey"));

        // In a pkiMessage the next renewal could not be answered.
        var signer = ScepDevice.Shared();
        (await Wire.SendAsync((await Wire.RequestAsync(await File.ReadAllBytesAsync(_folder["csr.der"]), signer)).Build()))
            .MustFail(FailureReason.SignerKeyMismatch);
    }

    [Fact]
    public async Task A_P521_key_enrols_and_the_certificate_verifies()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        var device = ScepDevice.OfKey(key);
        var text = await TextAsync(device, device.Csr("CN=p521", Host.Challenge));
        Assert.Contains("NIST CURVE: P-521", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ValidityPeriod=Days;ValidityPeriodUnits=2", 2)]
    [InlineData("ValidityPeriod=Hours;ValidityPeriodUnits=24", 1)]
    [InlineData("ValidityPeriod=Years;ValidityPeriodUnits=5", 30)]
    [InlineData("", 30)]
    public async Task A_requested_validity_is_granted_below_the_life_of_the_profile(string wish, int days)
    {
        var text = await TextAsync(ScepDevice.Shared(), Wishing($"CN=wish {days}", wish));
        Assert.Equal(TimeSpan.FromDays(days), Time(text, "Not After : ") - Time(text, "Not Before: "));
    }

    [Theory]
    [InlineData("ValidityPeriod=Minutes;ValidityPeriodUnits=59")]
    [InlineData("ExpirationDate=Wed, 25 Nov 2020 12:00:00 GMT")]
    public async Task A_life_that_the_profile_does_not_allow_is_refused(string wish)
    {
        var device = ScepDevice.Shared();
        (await Wire.SendAsync((await Wire.RequestAsync(Wishing("CN=too short", wish), device)).Build()))
            .MustFail(FailureReason.ValidityNotPossible);
    }

    [Fact]
    public async Task An_underscore_in_a_DNS_name_is_certified_as_it_is()
    {
        var device = ScepDevice.Shared();
        var text = await TextAsync(device, device.Csr("CN=printer", Host.Challenge, "printer_2.example.com"));
        Assert.Contains("DNS:printer_2.example.com\n", text, StringComparison.Ordinal);
    }

    private static JsonObject Rule(string algorithm, int size) => new() { ["algorithm"] = algorithm, ["min_size"] = size };

    private byte[] Wishing(string subject, string wish) => ScepDevice.Shared().Csr(
        subject,
        Infrastructure.Crypto.Scep.ForgedRequest.Der(
            w => w.WriteCharacterString(System.Formats.Asn1.UniversalTagNumber.UTF8String, Host.Challenge)),
        [],
        request =>
        {
            foreach (var pair in wish.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')))
                request.OtherRequestAttributes.Add(
                    new AsnEncodedData(new Oid(NameValuePair), Der.Sequence(Der.Text(0x1E, pair[0]), Der.Text(0x1E, pair[1]))));
        });

    /// <summary>What openssl says of the certificate that the request brings, which must verify.</summary>
    private async Task<string> TextAsync(ScepDevice device, byte[] csr)
    {
        var issued = (await Wire.SendAsync((await Wire.RequestAsync(csr, device)).Build())).Issued(device);
        await File.WriteAllTextAsync(_folder["issued.pem"], issued.ExportCertificatePem());
        Assert.Contains(": OK", OpenSsl.Run("verify", "-CAfile", Host.CaFile, _folder["issued.pem"]), StringComparison.Ordinal);
        return OpenSsl.Run("x509", "-in", _folder["issued.pem"], "-noout", "-text");
    }

    private static DateTime Time(string text, string label)
    {
        var begin = text.IndexOf(label, StringComparison.Ordinal) + label.Length;
        return DateTime.ParseExact(
            text[begin..text.IndexOf(" GMT", begin, StringComparison.Ordinal)],
            ["MMM d HH:mm:ss yyyy", "MMM  d HH:mm:ss yyyy"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal);
    }
}
