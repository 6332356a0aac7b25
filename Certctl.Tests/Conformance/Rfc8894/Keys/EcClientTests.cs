using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Commands.Scep;
using Certctl.Infrastructure.ScepClient;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894.Keys;

/// <summary><c>certctl scep enroll</c> against the server with keys of every kind.</summary>
public sealed class EcClientTests(ScepServerFixture server) : IClassFixture<ScepServerFixture>
{
    [Fact]
    public async Task The_client_enrols_and_renews_from_RSA_over_each_curve_and_back()
    {
        using var folder = new TemporaryFolder();
        (string Type, string Name)[] steps =
            [
                ("rsa-2048", "RSA-2048"),
                ("ec-p256", "ECDSA-P256"),
                ("ec-p384", "ECDSA-P384"),
                ("ec-p521", "ECDSA-P521"),
                ("ec-p256", "ECDSA-P256"),
                ("rsa-2048", "RSA-2048"),
            ];
        for (var i = 0; i < steps.Length; i++)
        {
            string[] how = i == 0
                ? ["--subject", "CN=changes its key"]
                : ["--renew", "--old-cert", folder[$"{i - 1}/device.crt"], "--old-key", folder[$"{i - 1}/device.key"]];
            var (code, _, error) = await RunAsync([.. how, "--key-type", steps[i].Type, "--out", folder[$"{i}"]]);

            Assert.True(code == 0, error);
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(folder[$"{i}/device.crt"]);
            Assert.Equal(("CN=changes its key", steps[i].Name), (certificate.Subject, certificate.KeyName()));
            Assert.Contains(
                ": OK",
                OpenSsl.Run("verify", "-x509_strict", "-CAfile", server.Server.CaFile, folder[$"{i}/device.crt"]),
                StringComparison.Ordinal);
            Assert.Equal(
                OpenSsl.Run("pkey", "-in", folder[$"{i}/device.key"], "-pubout"),
                OpenSsl.Run("x509", "-in", folder[$"{i}/device.crt"], "-noout", "-pubkey"));
        }
    }

    [Theory]
    [InlineData("ec-p256", "aes-256")]
    [InlineData("ec-p384", "des3")]
    public async Task A_device_may_begin_with_an_EC_key_in_any_cipher(string type, string cipher)
    {
        using var folder = new TemporaryFolder();

        var (code, _, error) = await RunAsync(
            "--subject", $"CN=begins with {type}", "--key-type", type, "--cipher", cipher, "--out", folder["out"]);

        Assert.True(code == 0, error);
    }

    [Fact]
    public async Task A_wrong_challenge_is_answered_with_where_to_look()
    {
        using var folder = new TemporaryFolder();

        var (code, _, error) = await RunAsync("--challenge", "no such challenge", "--out", folder["out"]);

        Assert.Equal(3, code);
        Assert.Contains("What to do: Check CERTCTL_CHALLENGE, --challenge-file or --challenge.", error, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        Dictionary<string, string> environment =
            new() { ["CERTCTL_CA_FILE"] = server.Server.CaFile, ["CERTCTL_CHALLENGE"] = server.Challenge };
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await ScepEnrollCommand.Create(name => environment.GetValueOrDefault(name))
            .Parse([$"{server.Server.Url}scep", .. arguments])
            .InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
