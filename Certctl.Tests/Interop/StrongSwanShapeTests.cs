using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop;

/// <summary>strongSwan 5.9.8's client reads each shape that it can be told to verify, and enrols by it.</summary>
public sealed class StrongSwanShapeTests(ShapedProfiles server) : IClassFixture<ShapedProfiles>
{
    private const string Pki = "/usr/bin/pki";

    [Theory]
    [InlineData("strongswan", "ra", "ra")]
    [InlineData("pair", "ra-sign", "ra-enc")]
    public async Task It_enrols_through(string profile, string signer, string recipient)
    {
        if (!ExternalTool.AllPresent(Pki, "/usr/lib/ipsec/plugins/libstrongswan-curl.so", TlsBridge.HaProxy, "/usr/bin/openssl"))
            return;
        using var folder = new TemporaryFolder();
        var where = Path.GetDirectoryName(folder["x"])!;
        using var bridge = await TlsBridge.StartAsync(where, server.Host.Url, server.Host.CaFile);
        var url = $"{bridge.Url}/scep/{profile}";
        ExternalTool.RunIn(where, "/usr/bin/openssl", "genrsa", "-out", "device.key", "2048").MustSucceed();

        // It finds the CA and every RA certificate in the bag by itself.
        ExternalTool.RunIn(where, Pki, "--scepca", "--url", url, "--caout", "ca.crt", "--raout", "ra.crt", "--outform", "pem")
            .MustSucceed();
        Assert.Equal(signer == recipient ? 1 : 2, Directory.GetFiles(where, "ra*.crt").Length);
        var run = ExternalTool.RunIn(
            where, Pki, "--scep", "--url", url, "--in", "device.key", "--dn", $"CN=strongswan {profile}", "--password",
            ShapedProfiles.Challenge, "--outform", "pem", "--cipher", "aes", "--digest", "sha256",
            "--cacert-enc", TestRa.Paths(server.Host, recipient).Cert, "--cacert-sig", TestRa.Paths(server.Host, signer).Cert, "--cacert",
            server.RootFile);

        run.MustSucceed();
        using var issued = X509Certificate2.CreateFromPem(run.Output);
        Assert.Equal(("CN=strongswan " + profile, "CN=Shape CA"), (issued.Subject, issued.Issuer));
    }
}
