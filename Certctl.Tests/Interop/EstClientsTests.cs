using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Certctl.Api.Commands.Est;
using Certctl.Infrastructure.EstClient;
using Certctl.Tests.Api.Commands.Status;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop;

public sealed class EstClientsOnSqliteTests(EstInteropOnSqlite interop) : EstClientsTests(interop), IClassFixture<EstInteropOnSqlite>;

public sealed class EstClientsOnPostgresTests(EstInteropOnPostgres interop)
    : EstClientsTests(interop), IClassFixture<EstInteropOnPostgres>;

/// <summary>
/// The real server over TLS and its clients: the own verbs, curl with requests that openssl made, strongSwan. openssl reads what comes.
/// </summary>
public abstract partial class EstClientsTests(EstInterop interop)
{
    private static readonly string[] Rsa = ["-newkey", "rsa:2048"];
    private static readonly string[] Ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    private static readonly string[] Basic = ["--user", $"x:{EstInterop.Password}"];

    [Fact]
    [Trait("Conformance", "E-H2")]
    [Trait("Conformance", "E-E3")]
    [Trait("Conformance", "E-E8")]
    [Trait("Conformance", "E-K4")]
    [Trait("Conformance", "E-K6")]
    public async Task The_own_verbs_enrol_renew_and_fetch_a_key_by_a_fingerprint_alone()
    {
        if (interop.IsLeftOut)
            return;
        using var ca = X509CertificateLoader.LoadCertificateFromFile(interop.Server.CaFile);
        string[] server = [interop.Url("now"), "--ca-fingerprint", ca.GetCertHashString(HashAlgorithmName.SHA256)];
        Must(await StatusRun.OfAsync(EstCaCertsCommand.Create(Environment), [.. server, "--out", interop.At("fetched.crt")]));
        var attributes = await StatusRun.OfAsync(EstCsrAttrsCommand.Create(Environment), server);
        Must(attributes);
        Assert.Contains("rsa", attributes.Output, StringComparison.OrdinalIgnoreCase);
        await OwnAsync(EstOperation.SimpleEnroll, "first", [.. server, "--subject", "CN=own", "--key-type", "ec-p256"]);
        await OwnAsync(EstOperation.SimpleReenroll, "second", [.. server, "--old-cert", interop.At("first/device.crt"),
            "--old-key", interop.At("first/device.key"), "--key-type", "rsa-2048"]);
        Assert.Contains(
            "CN = own", OpenSsl.Run("x509", "-in", interop.At("second/device.crt"), "-noout", "-subject"), StringComparison.Ordinal);

        // The server's keys: RSA and EC in the clear, and encrypted to the certificate of before.
        await OwnAsync(EstOperation.ServerKeygen, "rsa", [.. server, "--subject", "CN=rsa", "--key-type", "rsa-2048"]);
        await OwnAsync(EstOperation.ServerKeygen, "ec", [.. server, "--subject", "CN=ec", "--key-type", "ec-p256"]);
        await OwnAsync(EstOperation.ServerKeygen, "sealed", [.. server, "--subject", "CN=own", "--encrypt-key",
            "--client-cert", interop.At("second/device.crt"), "--client-key", interop.At("second/device.key")]);
        var wrong = await StatusRun.OfAsync(
            EstEnrollCommand.Create(EstOperation.SimpleEnroll, _ => null, () => "wrong password"),
            [.. server, "--user", "x", "--out", interop.At("wrong")]);
        Assert.Equal(3, wrong.Code);
    }

    [Fact]
    [Trait("Conformance", "E-C1")]
    [Trait("Conformance", "E-H8")]
    [Trait("Conformance", "E-H10")]
    [Trait("Conformance", "E-A1")]
    [Trait("Conformance", "E-K4")]
    public void Curl_enrols_renews_and_fetches_keys_with_requests_of_openssl()
    {
        if (interop.IsLeftOut)
            return;
        Assert.Equal("200", interop.Ask("now/cacerts", "cas.b64"));
        interop.Certificates("cas");
        Assert.Equal("200", interop.Ask("now/csrattrs", "attributes.b64"));
        OpenSsl.Run("base64", "-d", "-in", interop.At("attributes.b64"), "-out", interop.At("attributes.der"));
        Assert.Contains(
            ":rsaEncryption", OpenSsl.Run("asn1parse", "-inform", "DER", "-in", interop.At("attributes.der")), StringComparison.Ordinal);

        var post = interop.Request("old", "/CN=curl", Rsa);
        Assert.Equal("401", interop.Ask("now/simpleenroll", "refused.txt", post));
        Assert.Equal("200", interop.Ask("now/simpleenroll", "enrolled.b64", [.. Basic, .. post]));
        var old = interop.Certificates("enrolled");
        interop.Verify(old, "cas.crt", interop.At("old.key"));

        post = interop.Request("new", "/CN=curl", Ec);
        Assert.Equal("403", interop.Ask("now/simplereenroll", "refused.txt", [.. Basic, .. post]));
        Assert.Equal(
            "200", interop.Ask("now/simplereenroll", "renewed.b64", ["--cert", old, "--key", interop.At("old.key"), .. post]));
        interop.Verify(interop.Certificates("renewed"), "cas.crt", interop.At("new.key"));

        foreach (var (name, kind) in new[] { ("made-rsa", Rsa), ("made-ec", Ec) })
        {
            post = interop.Request(name, "/CN=" + name, kind);
            Assert.Equal("200", interop.Ask("now/serverkeygen", name + ".mime", [.. Basic, .. post]));
            var parts = BodyOfPart().Matches(File.ReadAllText(interop.At(name + ".mime")));
            File.WriteAllBytes(interop.At(name + ".p8"), Convert.FromBase64String(parts[0].Groups[1].Value));
            File.WriteAllText(interop.At(name + ".b64"), parts[1].Groups[1].Value.ReplaceLineEndings("\n"));
            OpenSsl.Run("pkey", "-inform", "DER", "-in", interop.At(name + ".p8"), "-out", interop.At(name + ".key"));
            interop.Verify(interop.Certificates(name), "cas.crt", interop.At(name + ".key"));
        }
    }

    [Fact]
    [Trait("Conformance", "E-E5")]
    public async Task Curl_and_the_own_verb_wait_for_an_operator()
    {
        if (interop.IsLeftOut)
            return;
        string[] post = [.. Basic, .. interop.Request("waiting", "/CN=waits by curl", Rsa)];
        string[] own = [interop.Url("wait"), "--cacert", interop.Server.CaFile, "--out", interop.At("own")];
        Assert.Equal("202", interop.Ask("wait/simpleenroll", "pending.txt", post));
        var pending = await RunAsync(EstOperation.SimpleEnroll, [.. own, "--subject", "CN=waits by itself", "--timeout", "0s"]);
        Assert.True(pending.Code == 4, pending.Error);
        await interop.ApproveAsync("CN=waits by curl");
        await interop.ApproveAsync("CN=waits by itself");

        Assert.Equal("200", interop.Ask("wait/simpleenroll", "issued.b64", post));
        Must(await RunAsync(EstOperation.SimpleEnroll, [.. own, "--resume"]));
        Assert.Equal("200", interop.Ask("wait/cacerts", "waited.b64"));
        interop.Certificates("waited");
        interop.Verify(interop.Certificates("issued"), "waited.crt", interop.At("waiting.key"));
        interop.Verify(interop.At("own/device.crt"), "waited.crt", interop.At("own/device.key"));
    }

    // RFC 2046 §5.1.1: what is between the empty line behind the fields and the line end before the next boundary.
    [GeneratedRegex(@"\r\n\r\n(.*?\r\n)--", RegexOptions.Singleline)]
    private static partial Regex BodyOfPart();

    private static string? Environment(string name) => name == "CERTCTL_EST_PASSWORD" ? EstInterop.Password : null;

    private static Task<StatusRun> RunAsync(EstOperation operation, string[] arguments) =>
        StatusRun.OfAsync(EstEnrollCommand.Create(operation, Environment, () => null), arguments);

    private static void Must(StatusRun run) => Assert.True(run.Code == 0, run.Error);

    /// <summary>The verb succeeds, and openssl accepts what it wrote.</summary>
    private async Task OwnAsync(EstOperation operation, string folder, string[] arguments)
    {
        Must(await RunAsync(operation, [.. arguments, "--out", interop.At(folder)]));
        interop.Verify(interop.At(folder + "/device.crt"), "fetched.crt", interop.At(folder + "/device.key"));
    }
}
