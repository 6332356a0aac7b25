using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;
using Xunit;

namespace Certctl.Tests.Infrastructure.ScepClient;

/// <summary>Whom TLS lets through.</summary>
public sealed class ScepTransportTests
{
    [Theory]
    [InlineData("the right root", "127.0.0.1", true)]
    [InlineData("another root", "127.0.0.1", false)]
    [InlineData("the right root", "192.0.2.1", false)]
    [InlineData("the system's roots", "127.0.0.1", false)]
    [InlineData("any", "192.0.2.1", true)]
    public async Task The_server_must_have_a_certificate_of_the_given_root_for_its_name(string trusted, string address, bool passes)
    {
        using var tls = TlsCertificate(address);
        await using var server = await FakeScepServer.StartAsync(tls);
        TlsTrust trust = trusted switch
        {
            "the right root" => new TlsTrust.Roots([FakePki.Ca]),
            "another root" => new TlsTrust.Roots([FakePki.Stranger]),
            "any" => new TlsTrust.AcceptAny(),
            _ => new TlsTrust.SystemRoots(),
        };
        using var transport = new ScepTransport(server.Url, trust);
        Task<ScepAnswer> Ask() => transport.GetAsync(ScepStage.GetCaCaps, "GetCACaps", null, CancellationToken.None);

        if (passes)
        {
            Assert.Contains("SCEPStandard", ServerCapabilities.Parse((await Ask()).Body).Lines);
            return;
        }

        var trouble = await Assert.ThrowsAsync<ScepClientException>(Ask);
        Assert.Equal((ScepClientFault.Network, ScepStage.GetCaCaps), (trouble.Fault, trouble.Stage));
        Assert.Contains("--cacert", trouble.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_port_says_so()
    {
        using var transport = new ScepTransport(new Uri("https://127.0.0.1:1/scep"), new TlsTrust.SystemRoots());

        var trouble = await Assert.ThrowsAsync<ScepClientException>(
            () => transport.GetAsync(ScepStage.GetCaCaps, "GetCACaps", null, CancellationToken.None));

        Assert.Equal(ScepClientFault.Network, trouble.Fault);
        Assert.Contains("127.0.0.1:1 cannot be reached", trouble.Message, StringComparison.Ordinal);
    }

    private static X509Certificate2 TlsCertificate(string address)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Parse(address));
        using var bare = FakePki.Make(
            "CN=tls", FakePki.RaKey, FakePki.Ca, FakePki.CaKey, X509KeyUsageFlags.DigitalSignature, alternatives: names.Build());
        using var pair = bare.CopyWithPrivateKey(FakePki.RaKey);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pfx), null);
    }
}
