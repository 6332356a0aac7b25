using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Certctl.Api.Commands.Scep;
using Certctl.Infrastructure.ScepClient;
using Certctl.Tests.Infrastructure.ScepClient;
using Xunit;

namespace Certctl.Tests.Api.Commands.Scep;

/// <summary>What a probe reports, and when it says that enrolment is impossible.</summary>
public sealed class ScepProbeCommandTests : IAsyncLifetime
{
    private FakeScepServer _server = null!;

    public async Task InitializeAsync() => _server = await FakeScepServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_good_server_is_described_and_usable()
    {
        var (code, output) = await RunAsync();

        Assert.Equal(0, code);
        Assert.Contains("Capabilities: POSTPKIOperation SHA-256 SHA-512 AES SCEPStandard Renewal", output, StringComparison.Ordinal);
        Assert.Contains("RFC 8894: yes", output, StringComparison.Ordinal);
        Assert.Contains(FakePki.Ra.Sha256Fingerprint(), output, StringComparison.Ordinal);
        Assert.Contains("RSA-2048, for digitalSignature, keyEncipherment", output, StringComparison.Ordinal);
        Assert.Contains("encrypted to: CN=Fake RA, O=Test", output, StringComparison.Ordinal);
        Assert.Contains("Usable:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_json_line_has_the_names_that_scripts_know()
    {
        var (_, output) = await RunAsync("--json");

        var report = JsonDocument.Parse(Assert.Single(output.TrimEnd('\n').Split('\n'))).RootElement;
        Assert.True(report.GetProperty("usable").GetBoolean());
        Assert.True(report.GetProperty("supports_rfc8894").GetBoolean());
        Assert.Equal("CN=Fake CA, O=Test", report.GetProperty("ca_cert_subject").GetString());
        Assert.Equal("RSA-2048", report.GetProperty("ca_cert_algorithm").GetString());
        Assert.False(report.GetProperty("ca_cert_expired").GetBoolean());
        Assert.Equal(1, report.GetProperty("ca_cert_chain_length").GetInt32());
        Assert.Equal(FakePki.Ra.Sha256Fingerprint(), report.GetProperty("encrypts_to").GetString());
        Assert.Equal(2, report.GetProperty("certificates").GetArrayLength());
    }

    [Fact]
    public async Task A_ca_without_a_recipient_is_not_usable()
    {
        _server.CaBag = [FakePki.Ca];
        _server.CaBagType = "application/x-x509-ca-cert";

        var (code, output) = await RunAsync();

        Assert.Equal(1, code);
        Assert.Contains("no usable recipient", output, StringComparison.Ordinal);
        Assert.Contains("Not usable.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_small_and_stray_certificates_and_missing_capabilities_are_warned_about()
    {
        using var smallKey = RSA.Create(1024);
        using var small = FakePki.Make("CN=small", smallKey, FakePki.Ca, FakePki.CaKey, X509KeyUsageFlags.DigitalSignature);
        using var expired = FakePki.Make(
            "CN=expired", FakePki.RaKey, FakePki.Ca, FakePki.CaKey, X509KeyUsageFlags.KeyEncipherment, firstDay: -9, lastDay: -1);
        using var stray = FakePki.Make("CN=stray", FakePki.RaKey, FakePki.Stranger, FakePki.StrangerKey, X509KeyUsageFlags.KeyEncipherment);
        _server.CaBag = [small, expired, stray, FakePki.Ra, FakePki.Ca];
        _server.Capabilities = "SHA-1\nDES3\nDES\n";
        _server.CapabilitiesType = "text/html";

        var (code, output) = await RunAsync();

        Assert.Equal(0, code);
        foreach (var warning in new[] { "CN=expired: expired on", "CN=small: RSA-1024 is too small", "CN=stray: does not chain",
            "SCEPStandard is not listed", "AES is not listed",
            "no SHA-2 digest", "POSTPKIOperation is not listed", "Renewal is not listed", "DES is listed", "text/html", "plain http" })
            Assert.Contains(
                output.Split('\n'),
                line => line.StartsWith("Warning: ", StringComparison.Ordinal) && line.Contains(warning, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("text/html", "GetCACert", "text/html")]
    [InlineData("application/x-x509-ca-cert", "GetCACert", "neither a certificate nor a bag")]
    public async Task An_answer_that_cannot_be_read_fails_at_its_stage(string type, string stage, string why)
    {
        _server.CaBagType = type;

        var (code, output) = await RunAsync();

        Assert.Equal(1, code);
        Assert.Contains($"Failed at stage {stage}:", output, StringComparison.Ordinal);
        Assert.Contains(why, output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> RunAsync(params string[] more)
    {
        using var output = new StringWriter();
        var code = await ScepProbeCommand.Create(_ => null).Parse([_server.Url.ToString(), .. more])
            .InvokeAsync(new InvocationConfiguration { Output = output });
        return (code, output.ToString());
    }
}
