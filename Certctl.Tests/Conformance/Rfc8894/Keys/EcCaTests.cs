using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894.Keys;

/// <summary>RFC 8894 §3.1: a CA whose key cannot decrypt has an RA whose key can.</summary>
public sealed class EcCaTests
{
    [Theory]
    [InlineData("p-256")]
    [InlineData("p-384")]
    [Trait("Conformance", "S-G10")]
    public async Task Behind_an_EC_CA_devices_enrol_through_an_RSA_RA(string caKey)
    {
        await using var host = await CertctlHost.StartWithCaAsync(caKey);
        using var wire = host.Connect();
        var device = ScepDevice.Shared();
        var issued =
            (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=behind EC", host.Challenge), device)).Build())).Issued(device);
        var file = Path.Combine(host.Folder, "issued.pem");
        await File.WriteAllTextAsync(file, issued.ExportCertificatePem());
        OpenSsl.Run("verify", "-x509_strict", "-CAfile", host.CaFile, file);
    }
}
